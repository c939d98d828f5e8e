#include "index/api_version.hpp"
#include "index/ascii.hpp"
#include "index/json_page.hpp"
#include "index/names.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace yizhan {
namespace {

namespace json = boost::json;

/// Picks `projects[].name`, `meta.api-version` and `meta._last-serial` out of a stream of JSON events.
class RootHandler {
  public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = 4096;
    static constexpr std::size_t max_string_size = 1024UL * 1024;

    RootPage out;
    std::string api_version;
    bool has_projects = false;

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) { return enter(); }
    bool on_object_end(std::size_t, json::error_code&) { return leave(); }
    bool on_array_begin(json::error_code&) {
        has_projects = has_projects || (depth_ == 1 && key_ == "projects");
        return enter();
    }
    bool on_array_end(std::size_t, json::error_code&) { return leave(); }

    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        if (std::exchange(key_done_, false))
            key_.clear();
        return add(key_, part);
    }
    bool on_key(json::string_view part, std::size_t size, json::error_code& error) {
        on_key_part(part, size, error);
        key_done_ = true;
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) { return add(text_, part); }
    bool on_string(json::string_view part, std::size_t, json::error_code&) {
        add(text_, part);
        take_text();
        text_.clear();
        return true;
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t value, json::string_view, json::error_code&) {
        return value < 0 || take_number(static_cast<std::uint64_t>(value));
    }
    bool on_uint64(std::uint64_t value, json::string_view, json::error_code&) { return take_number(value); }
    bool on_double(double, json::string_view, json::error_code&) { return true; }
    bool on_bool(bool, json::error_code&) { return true; }
    bool on_null(json::error_code&) { return true; }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

  private:
    static bool add(std::string& to, json::string_view part) {
        to.append(part.data(), part.size());
        return true;
    }

    bool enter() {
        ++depth_;
        if (depth_ == 2)
            section_ = key_;
        return true;
    }
    bool leave() {
        --depth_;
        return true;
    }

    void take_text() {
        if (depth_ == 3 && section_ == "projects" && key_ == "name" && is_project_name(text_))
            out.names.push_back(normalized_name(text_));
        if (depth_ != 2 || section_ != "meta")
            return;
        if (key_ == "api-version")
            api_version = text_;
        std::uint64_t serial = 0;
        if (key_ == "_last-serial" && ascii::all_digits(text_) &&
            std::from_chars(text_.data(), text_.data() + text_.size(), serial).ec == std::errc())
            out.serial = serial;
    }

    bool take_number(std::uint64_t value) {
        if (depth_ == 2 && section_ == "meta" && key_ == "_last-serial")
            out.serial = value;
        return true;
    }

    int depth_ = 0;
    std::string section_; ///< the top-level key that we are below
    std::string key_, text_;
    bool key_done_ = false;
};

} // namespace

Result<RootPage> parse_root_json(std::string_view text) {
    json::basic_parser<RootHandler> parser{json::parse_options()};
    json::error_code error;
    const auto read = parser.write_some(false, text.data(), text.size(), error);
    if (!error && read != text.size())
        error = json::make_error_code(json::error::extra_data);
    if (error)
        return fail(Errc::protocol, "the index's root page claims to be JSON but is not: " + error.message());
    auto& handler = parser.handler();
    if (!handler.has_projects)
        return fail(Errc::protocol, "the answer is JSON, but no root page of an index: it has no list of projects");
    if (!handler.api_version.empty())
        if (auto good = check_api_version(handler.api_version); !good)
            return std::unexpected(std::move(good.error()));
    auto& names = handler.out.names;
    std::ranges::sort(names);
    const auto doubles = std::ranges::unique(names);
    names.erase(doubles.begin(), doubles.end());
    return std::move(handler.out);
}

} // namespace yizhan
