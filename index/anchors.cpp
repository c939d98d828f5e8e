#include "index/anchors.hpp"

#include "index/ascii.hpp"
#include "index/html_text.hpp"

#include <charconv>
#include <utility>

namespace yizhan {
namespace {

// Longer than any file name may be, and the text is only looked at where the link tells nothing.
constexpr std::size_t max_text = 1024;

std::optional<std::string> decoded_value(const HtmlAttribute* attribute) {
    if (!attribute)
        return std::nullopt;
    return decoded_attribute(attribute->value.value_or(std::string_view()));
}

class AnchorReader {
  public:
    AnchorReader(std::string_view page, const std::function<void(const Anchor&, const PageFrame&)>& handle)
        : tokens_(page), handle_(handle) {}

    PageFrame read() {
        while (const HtmlToken* token = tokens_.next()) {
            take(*token);
            if (frame_.too_many)
                return std::move(frame_);
        }
        finish_anchor();
        frame_.cut_short = tokens_.cut_short();
        return std::move(frame_);
    }

  private:
    using Kind = HtmlToken::Kind;

    void take(const HtmlToken& token) {
        switch (token.kind) {
        case Kind::start_tag:
            start(token);
            break;
        case Kind::end_tag:
            if (ascii::is(token.name, "a"))
                finish_anchor();
            if (ascii::is(token.name, "title") || ascii::is(token.name, "h1"))
                title_ = nullptr;
            break;
        case Kind::text:
            if (in_anchor_)
                append_capped(anchor_.raw_text, token.text);
            if (title_)
                append_capped(*title_, token.text);
            break;
        case Kind::comment:
            read_serial(token.text);
            break;
        case Kind::declaration:
            break;
        }
    }

    void start(const HtmlToken& token) {
        if (ascii::is(token.name, "a")) {
            finish_anchor();
            frame_.too_many = ++frame_.anchors > max_anchors;
            in_anchor_ = !frame_.too_many;
            anchor_.attributes.assign(token.attributes.begin(), token.attributes.end());
            anchor_.raw_text.clear();
            anchor_.overfull = token.overfull;
        } else if (ascii::is(token.name, "meta")) {
            read_meta(token);
        } else if (ascii::is(token.name, "base")) {
            read_base(token);
        } else if (ascii::is(token.name, "title") || ascii::is(token.name, "h1")) {
            title_ = frame_.title.empty() ? &frame_.title : nullptr;
        }
    }

    void finish_anchor() {
        if (std::exchange(in_anchor_, false))
            handle_(anchor_, frame_);
    }

    void read_meta(const HtmlToken& token) {
        const auto name = decoded_value(token.attribute("name"));
        if (!name)
            return;
        auto* const field = ascii::is(*name, "pypi:repository-version")      ? &frame_.repository_version
                            : ascii::is(*name, "pypi:project-status")        ? &frame_.project_status
                            : ascii::is(*name, "pypi:project-status-reason") ? &frame_.project_status_reason
                                                                             : nullptr;
        if (field && !*field)
            *field = decoded_value(token.attribute("content"));
    }

    void read_base(const HtmlToken& token) {
        if (frame_.base_href || frame_.base_after_anchor)
            return;
        if (auto href = decoded_value(token.attribute("href")); href && frame_.anchors == 0)
            frame_.base_href = std::move(href);
        else
            frame_.base_after_anchor = href.has_value();
    }

    void read_serial(std::string_view comment) {
        comment = ascii::trimmed(comment);
        constexpr std::string_view word = "SERIAL ";
        if (!comment.starts_with(word))
            return;
        comment.remove_prefix(word.size());
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(comment.data(), comment.data() + comment.size(), value);
        if (error == std::errc() && end == comment.data() + comment.size())
            frame_.serial = value;
    }

    static void append_capped(std::string& out, std::string_view text) {
        out += text.substr(0, max_text - std::min(out.size(), max_text));
    }

    HtmlTokenizer tokens_;
    const std::function<void(const Anchor&, const PageFrame&)>& handle_;
    PageFrame frame_;
    Anchor anchor_;
    std::string* title_ = nullptr;
    bool in_anchor_ = false;
};

} // namespace

std::optional<std::string> Anchor::attribute(std::string_view lower_case_name) const {
    for (const auto& candidate : attributes)
        if (ascii::is(candidate.name, lower_case_name))
            return decoded_value(&candidate);
    return std::nullopt;
}

std::string Anchor::text() const {
    return std::string(ascii::trimmed(decoded_text(raw_text)));
}

PageFrame read_anchors(std::string_view page, const std::function<void(const Anchor&, const PageFrame&)>& handle) {
    return AnchorReader(page, handle).read();
}

} // namespace yizhan
