// HTML pages: tokens stay inside the page and are no more than its bytes; a page that we write is read back as it was.
#include "index/html_page.hpp"
#include "index/html_tokens.hpp"
#include "index/locate.hpp"
#include "index/render.hpp"
#include "tests/fuzz/require.hpp"

#include <optional>
#include <span>

using namespace yizhan;
using fuzz::require;

namespace {

bool inside(std::string_view page, std::string_view part) {
    return part.empty() || (part.data() >= page.data() && part.data() + part.size() <= page.data() + page.size());
}

void check_tokens(std::string_view page) {
    HtmlTokenizer tokens(page);
    std::size_t count = 0;
    std::size_t bytes = 0; // of all tokens: no byte of the page is handed out twice
    while (const auto* token = tokens.next()) {
        ++count;
        require(inside(page, token->name) && inside(page, token->text), "a token lies inside the page");
        bytes += token->name.size() + token->text.size();
        for (const auto& attribute : token->attributes) {
            const auto value = attribute.value.value_or(std::string_view());
            require(inside(page, attribute.name) && inside(page, value), "an attribute lies inside the page");
            require(!attribute.name.empty(), "an attribute has a name");
            bytes += attribute.name.size() + value.size();
        }
    }
    require(count <= page.size() && bytes <= page.size(), "tokens are linear in the page");
}

void check_page(std::string_view html) {
    static const auto url = Url::parse("https://pypi.example/simple/six/").value();
    static const auto ours = Url::parse("https://yizhan.example/mirror/simple/six/").value();
    auto parsed = parse_html_page(html, url, "six");
    if (!parsed)
        return require(!parsed.error().message.empty(), "a refusal has words");
    for (const auto& file : parsed->page.files)
        require(Url::parse(file.url).has_value() && Url::parse(file.url)->str() == file.url, "links are normalised");
    keep_first_of_each_name(*parsed);
    const auto once = render_html(parsed->page, "../../");
    const auto again = parse_html_page(once, ours, "six");
    require(again.has_value() && again->dropped.empty(), "what we write can be read");
    fuzz::require_equal(once, render_html(again->page, "../../"), "what we write is read back as it was");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto page = fuzz::text(data, size);
    check_tokens(page);
    check_page(page);
    if (const auto root = parse_root_html(page)) {
        const auto again = parse_root_html(render_root_html(root->names));
        require(again && again->names == root->names, "the root page is read back as it was");
    }
    return 0;
}
