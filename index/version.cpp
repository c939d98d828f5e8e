#include "index/version.hpp"

#include "index/ascii.hpp"

#include <algorithm>
#include <array>

namespace yizhan {
namespace {

bool is_separator(char c) {
    return c == '-' || c == '_' || c == '.';
}

// Absent sorts before (post, local) or after (dev) everything present; `absent` says which.
template <class T>
std::strong_ordering compare_optional(const std::optional<T>& a, const std::optional<T>& b,
                                      std::strong_ordering absent) {
    if (a && b)
        return *a <=> *b;
    if (!a && !b)
        return std::strong_ordering::equal;
    return a ? 0 <=> absent : absent;
}

std::string_view without_leading_zeros(std::string_view digits) {
    while (digits.size() > 1 && digits.front() == '0')
        digits.remove_prefix(1);
    return digits;
}

} // namespace

VersionNumber::VersionNumber(std::string_view digits) : digits_(without_leading_zeros(digits)) {}

std::strong_ordering VersionNumber::operator<=>(const VersionNumber& other) const {
    if (const auto by_length = digits_.size() <=> other.digits_.size(); by_length != 0)
        return by_length;
    return digits_ <=> other.digits_;
}

// Reads PEP 440's grammar from left to right. Greedy is enough: no part that could be shorter would let a later part
// match that does not match now.
class VersionParser {
  public:
    explicit VersionParser(std::string_view text) : rest_(text) {}

    std::optional<Version> read() {
        if (!rest_.empty() && ascii::lower(rest_.front()) == 'v')
            rest_.remove_prefix(1);
        if (!read_release())
            return std::nullopt;
        read_pre();
        read_post();
        read_dev();
        if (!rest_.empty() && !read_local())
            return std::nullopt;
        return std::move(out_);
    }

  private:
    std::string_view digits() {
        std::size_t n = 0;
        while (n < rest_.size() && ascii::is_digit(rest_[n]))
            ++n;
        const auto out = rest_.substr(0, n);
        rest_.remove_prefix(n);
        return out;
    }

    bool read_release() {
        auto number = digits();
        if (number.empty())
            return false;
        if (rest_.starts_with('!')) {
            out_.epoch_ = VersionNumber(number);
            rest_.remove_prefix(1);
            number = digits();
            if (number.empty())
                return false;
        }
        out_.release_.emplace_back(number);
        while (rest_.size() > 1 && rest_[0] == '.' && ascii::is_digit(rest_[1])) {
            rest_.remove_prefix(1);
            out_.release_.emplace_back(digits());
        }
        return true;
    }

    // [-_.]? word [-_.]? digits?
    template <std::size_t N>
    std::optional<std::pair<std::string_view, VersionNumber>> suffix(const std::array<std::string_view, N>& words) {
        auto text = rest_;
        if (!text.empty() && is_separator(text.front()))
            text.remove_prefix(1);
        for (const auto word : words) {
            if (!ascii::starts_with(text, word))
                continue;
            rest_ = text.substr(word.size());
            if (!rest_.empty() && is_separator(rest_.front()))
                rest_.remove_prefix(1);
            const auto number = digits();
            return std::pair(word, number.empty() ? VersionNumber() : VersionNumber(number));
        }
        return std::nullopt;
    }

    void read_pre() {
        static constexpr std::array<std::string_view, 8> words{"alpha", "a", "beta", "b", "preview", "pre", "c", "rc"};
        if (auto found = suffix(words)) {
            const auto phase = found->first.front() == 'a'   ? Version::Phase::alpha
                               : found->first.front() == 'b' ? Version::Phase::beta
                                                             : Version::Phase::candidate;
            out_.pre_.emplace(phase, std::move(found->second));
        }
    }

    void read_post() {
        static constexpr std::array<std::string_view, 3> words{"post", "rev", "r"};
        if (rest_.size() > 1 && rest_[0] == '-' && ascii::is_digit(rest_[1])) {
            rest_.remove_prefix(1);
            out_.post_.emplace(digits());
        } else if (auto found = suffix(words)) {
            out_.post_ = std::move(found->second);
        }
    }

    void read_dev() {
        if (auto found = suffix(std::array<std::string_view, 1>{"dev"}))
            out_.dev_ = std::move(found->second);
    }

    bool read_local() {
        if (!rest_.starts_with('+'))
            return false;
        do {
            rest_.remove_prefix(1);
            std::size_t n = 0;
            while (n < rest_.size() && ascii::is_alphanumeric(rest_[n]))
                ++n;
            const auto part = rest_.substr(0, n);
            if (part.empty())
                return false;
            if (ascii::all_digits(part))
                out_.local_.push_back({std::string(without_leading_zeros(part)), true});
            else
                out_.local_.push_back({ascii::lowered(part), false});
            rest_.remove_prefix(n);
        } while (!rest_.empty() && is_separator(rest_.front()));
        return rest_.empty();
    }

    std::string_view rest_;
    Version out_;
};

std::optional<Version> Version::parse(std::string_view text) {
    // What Python's \s is in ASCII, as appendix B's pattern has it at both ends: more than HTML's white space.
    constexpr std::string_view spaces = " \t\n\r\f\v\x1c\x1d\x1e\x1f";
    const auto begin = std::min(text.find_first_not_of(spaces), text.size());
    text = text.substr(begin, text.find_last_not_of(spaces) + 1 - begin);
    if (text.size() > longest)
        return std::nullopt;
    return VersionParser(text).read();
}

std::string Version::base_str() const {
    std::string out;
    if (!epoch_.is_zero())
        out += epoch_.str() + "!";
    for (const auto& number : release_) {
        if (&number != release_.data())
            out += '.';
        out += number.str();
    }
    return out;
}

std::string Version::public_str() const {
    static constexpr std::array<std::string_view, 3> phases{"a", "b", "rc"};
    std::string out = base_str();
    if (pre_) {
        out += phases[static_cast<std::size_t>(pre_->first)];
        out += pre_->second.str();
    }
    if (post_)
        out += ".post" + post_->str();
    if (dev_)
        out += ".dev" + dev_->str();
    return out;
}

std::string Version::local() const {
    std::string out;
    for (const auto& part : local_) {
        if (!out.empty())
            out += '.';
        out += part.text;
    }
    return out;
}

std::string Version::str() const {
    return has_local() ? public_str() + "+" + local() : public_str();
}

Version Version::without_local() const {
    Version out = *this;
    out.local_.clear();
    return out;
}

namespace {

std::strong_ordering compare_releases(const std::vector<VersionNumber>& a, const std::vector<VersionNumber>& b) {
    static const VersionNumber zero;
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
        const auto& left = i < a.size() ? a[i] : zero;
        const auto& right = i < b.size() ? b[i] : zero;
        if (const auto order = left <=> right; order != 0)
            return order;
    }
    return std::strong_ordering::equal;
}

} // namespace

bool Version::same_base(const Version& other) const {
    return epoch_ == other.epoch_ && compare_releases(release_, other.release_) == 0;
}

Version Version::first_dev() const {
    Version out = without_local();
    out.dev_.emplace();
    return out;
}

bool Version::is_post_of(const Version& other) const {
    return post_ && same_base(other) && pre_ == other.pre_;
}

std::strong_ordering Version::operator<=>(const Version& other) const {
    if (const auto order = epoch_ <=> other.epoch_; order != 0)
        return order;
    if (const auto order = compare_releases(release_, other.release_); order != 0)
        return order;
    return compare_suffixes(other);
}

std::strong_ordering Version::compare_suffixes(const Version& other) const {
    using Order = std::strong_ordering;
    // "1.0.dev1" comes before "1.0a1", although neither 1.0.dev1 has a pre-release part nor 1.0 has.
    const auto rank = [](const Version& v) { return v.pre_ ? 1 : (!v.post_ && v.dev_) ? 0 : 2; };
    if (const auto order = rank(*this) <=> rank(other); order != 0)
        return order;
    if (pre_) {
        if (const auto order = pre_->first <=> other.pre_->first; order != 0)
            return order;
        if (const auto order = pre_->second <=> other.pre_->second; order != 0)
            return order;
    }
    if (const auto order = compare_optional(post_, other.post_, Order::less); order != 0)
        return order;
    if (const auto order = compare_optional(dev_, other.dev_, Order::greater); order != 0)
        return order;
    for (std::size_t i = 0; i < std::min(local_.size(), other.local_.size()); ++i) {
        const auto& a = local_[i];
        const auto& b = other.local_[i];
        if (a.numeric != b.numeric)
            return a.numeric ? Order::greater : Order::less;
        const auto order = a.numeric ? VersionNumber(a.text) <=> VersionNumber(b.text) : a.text <=> b.text;
        if (order != 0)
            return order;
    }
    return local_.size() <=> other.local_.size();
}

std::string normalized_version(std::string_view text) {
    const auto version = Version::parse(text);
    return version ? version->str() : std::string(text);
}

} // namespace yizhan
