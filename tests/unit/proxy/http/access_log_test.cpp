#include "proxy/http/access_log.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <sstream>

namespace yizhan {
namespace {

using namespace std::chrono_literals;

class Written {
  public:
    explicit Written(LogFormat format) : log(logger(), format) {}
    std::string lines() {
        log.flush();
        return stream_.str();
    }

  private:
    std::shared_ptr<spdlog::logger> logger() {
        auto out =
            std::make_shared<spdlog::logger>("access", std::make_shared<spdlog::sinks::ostream_sink_st>(stream_));
        out->set_pattern("%v");
        return out;
    }
    std::ostringstream stream_;

  public:
    AccessLog log;
};

const AccessEntry entry{.client = "192.0.2.1",
                        .line = "GET /simple/six/ HTTP/1.1",
                        .status = 200,
                        .bytes = 2345,
                        .duration = 210us,
                        .note = "hit",
                        .id = 17};

AccessEntry with_line(std::string_view line) {
    auto out = entry;
    out.line = line;
    return out;
}

TEST(AccessLog, writes_a_line_of_text) {
    Written written(LogFormat::text);
    written.log.write(entry);
    EXPECT_THAT(
        written.lines(),
        testing::MatchesRegex("20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\\.[0-9]+Z 192.0.2.1 "
                              "\"GET /simple/six/ HTTP/1.1\" 200 2345 0.210ms hit #17\n"));
}

TEST(AccessLog, writes_json_that_parses) {
    Written written(LogFormat::json);
    written.log.write(entry);
    written.log.write(with_line("GET /\"\\\x01\xff<x> HTTP/1.1"));
    std::istringstream lines(written.lines());
    std::string first, second;
    std::getline(lines, first);
    std::getline(lines, second);
    const auto object = boost::json::parse(first).as_object();
    EXPECT_EQ(object.at("client"), "192.0.2.1");
    EXPECT_EQ(object.at("request"), "GET /simple/six/ HTTP/1.1");
    EXPECT_EQ(object.at("status"), 200);
    EXPECT_EQ(object.at("bytes"), 2345);
    EXPECT_EQ(object.at("dur_ms").to_number<double>(), 0.21);
    EXPECT_EQ(object.at("cache"), "hit");
    EXPECT_EQ(object.at("req_id"), 17);
    EXPECT_EQ(boost::json::parse(second).as_object().at("request"), "GET /\\x22\\x5c\\x01\\xff<x> HTTP/1.1");
}

TEST(AccessLog, keeps_secrets_and_line_ends_out) {
    Written written(LogFormat::text);
    written.log.write(with_line("GET /x?token=secret&sig=hidden HTTP/1.1"));
    written.log.write(with_line("GET /x\r\n2026 forged line"));
    written.log.write(with_line("GET /" + std::string(5000, 'a') + " HTTP/1.1"));
    const auto lines = written.lines();
    EXPECT_EQ(lines.find("secret"), std::string::npos);
    EXPECT_EQ(lines.find("hidden"), std::string::npos);
    EXPECT_THAT(lines, testing::HasSubstr("GET /x?token=***"));
    EXPECT_THAT(lines, testing::HasSubstr("\\x0d\\x0a2026"));
    EXPECT_EQ(std::ranges::count(lines, '\n'), 3);
    EXPECT_LT(lines.size(), 2000U);
}

TEST(AccessLog, drops_lines_where_there_is_no_logger) {
    AccessLog log(nullptr, LogFormat::text);
    log.write(entry);
    EXPECT_TRUE(log.empty());
    log.flush();
}

TEST(AccessLog, hands_over_by_itself_when_much_is_collected) {
    Written written(LogFormat::text);
    for (int i = 0; i < 1000 && (i == 0 || !written.log.empty()); ++i)
        written.log.write(entry);
    EXPECT_TRUE(written.log.empty());
}

} // namespace
} // namespace yizhan
