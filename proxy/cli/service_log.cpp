#include "proxy/cli/service_log.hpp"

#include "index/html_text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <spdlog/pattern_formatter.h>

#include <string>
#include <string_view>

namespace yizhan {
namespace {

/// The message as a JSON string, with its quotes.
class JsonMessage final : public spdlog::custom_flag_formatter {
  public:
    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
        const auto text = valid_utf8({message.payload.data(), message.payload.size()});
        const auto quoted = boost::json::serialize(boost::json::value(text));
        out.append(quoted.data(), quoted.data() + quoted.size());
    }
    std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(); }
};

} // namespace

std::unique_ptr<spdlog::formatter> service_log_formatter(LogFormat format) {
    auto out = std::make_unique<spdlog::pattern_formatter>();
    if (format == LogFormat::json)
        out->add_flag<JsonMessage>('Q').set_pattern(R"({"ts":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","msg":%Q})");
    else
        out->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
    return out;
}

} // namespace yizhan
