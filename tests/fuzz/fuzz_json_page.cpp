// JSON pages: what we write is read back as it was, is valid JSON, and names in HTML the same files.
#include "index/filename.hpp"
#include "index/html_page.hpp"
#include "index/json_page.hpp"
#include "index/locate.hpp"
#include "index/render.hpp"
#include "tests/fuzz/require.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace yizhan;
using fuzz::require;

namespace {

// Those that HTML can show to be files: by their suffix or by their digest.
std::vector<std::string> names(const ProjectPage& page) {
    std::vector<std::string> out;
    for (const auto& file : page.files)
        if (has_distribution_suffix(file.filename) || file.sha256())
            out.push_back(file.filename);
    return out;
}

// Equal but for the last digits of real numbers with an exponent: Boost.JSON 1.81 reads 14e292 as
// 1.4000000000000001E293 and that as 1.4E293. No key of the specification holds such a number; unknown keys may.
bool same(const boost::json::value& a, const boost::json::value& b) {
    if (a.is_double() && b.is_double())
        return a == b || std::abs(a.get_double() - b.get_double()) <= 1e-14 * std::abs(a.get_double());
    if (const auto* one = a.if_array()) {
        const auto* other = b.if_array();
        return other && std::ranges::equal(*one, *other, same);
    }
    if (const auto* one = a.if_object()) {
        const auto* other = b.if_object();
        return other && std::ranges::equal(*one, *other, [](const auto& x, const auto& y) {
                   return x.key() == y.key() && same(x.value(), y.value());
               });
    }
    return a == b;
}

void require_same(const std::string& once, const std::string& twice) {
    if (once != twice && !same(boost::json::parse(once), boost::json::parse(twice)))
        fuzz::require_equal(once, twice, "what we write is read back as it was");
}

void check_page(std::string_view json) {
    static const auto url = Url::parse("https://pypi.example/simple/six/").value();
    static const auto ours = Url::parse("https://yizhan.example/mirror/simple/six/").value();
    auto parsed = parse_json_page(json, url, "six");
    if (!parsed)
        return require(!parsed.error().message.empty(), "a refusal has words");
    keep_first_of_each_name(*parsed);
    const auto once = render_json(parsed->page, "../../");
    const auto again = parse_json_page(once, ours, "six");
    if (!again)
        std::fprintf(stderr, "%s\n%s\n", again.error().message.c_str(), once.c_str());
    require(again.has_value() && again->dropped.empty(), "what we write can be read");
    require_same(once, render_json(again->page, "../../"));
    const auto html = parse_html_page(render_html(parsed->page, "../../"), ours, "six");
    require(html.has_value() && html->dropped.empty(), "the same model in HTML can be read");
    require(names(html->page) == names(again->page), "HTML and JSON list the same files");
    require(versions_of(html->page) == versions_of(again->page), "and so the same versions");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto json = fuzz::text(data, size);
    check_page(json);
    if (const auto root = parse_root_json(json)) {
        require(std::ranges::is_sorted(root->names), "names are sorted");
        const auto again = parse_root_json(render_root_json(root->names));
        require(again && again->names == root->names, "the root page is read back as it was");
    }
    return 0;
}
