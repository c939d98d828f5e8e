#include "index/specifiers.hpp"

#include "index/ascii.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace yizhan {

std::optional<Specifier> Specifier::parse(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, Operator>, 8> operators{{
        {"===", Operator::identical},
        {"~=", Operator::compatible},
        {"==", Operator::equal},
        {"!=", Operator::not_equal},
        {"<=", Operator::at_most},
        {">=", Operator::at_least},
        {"<", Operator::below},
        {">", Operator::above},
    }};
    text = ascii::trimmed(text);
    const auto* const found =
        std::ranges::find_if(operators, [&](const auto& each) { return text.starts_with(each.first); });
    if (found == operators.end())
        return std::nullopt;
    Specifier out;
    out.operator_ = found->second;
    text = ascii::trimmed(text.substr(found->first.size()));
    if (out.operator_ == Operator::identical) {
        out.text_ = ascii::lowered(text);
        out.version_ = Version::parse(text);
        if (std::ranges::any_of(text, [](char c) { return ascii::is_space(c) || c == ';' || c == ')'; }))
            return std::nullopt;
        return out;
    }
    const bool by_equality = out.operator_ == Operator::equal || out.operator_ == Operator::not_equal;
    if (by_equality && text.ends_with(".*")) {
        out.prefix_ = true;
        text.remove_suffix(2);
    }
    out.version_ = Version::parse(text);
    if (!out.version_ || (out.version_->has_local() && !by_equality))
        return std::nullopt;
    // A prefix is epoch and release alone; parse() would take "1.0a1" and, after the cut, a trailing separator.
    if (out.prefix_ && (out.version_->str() != out.version_->base_str() || !ascii::is_digit(text.back())))
        return std::nullopt;
    if (out.operator_ == Operator::compatible && out.version_->release().size() < 2)
        return std::nullopt;
    return out;
}

bool Specifier::starts_release_of(const Version& version, std::size_t components) const {
    if (version.epoch() != version_->epoch())
        return false;
    const auto& wanted = version_->release();
    const auto& found = version.release();
    static const VersionNumber zero;
    for (std::size_t i = 0; i < components; ++i)
        if ((i < found.size() ? found[i] : zero) != wanted[i])
            return false;
    return true;
}

bool Specifier::equals(const Version& version) const {
    if (prefix_)
        return starts_release_of(version, version_->release().size());
    return version_->has_local() ? version == *version_ : version.without_local() == *version_;
}

bool Specifier::contains(const Version& version) const {
    switch (operator_) {
    case Operator::identical:
        return version.str() == text_;
    case Operator::equal:
        return equals(version);
    case Operator::not_equal:
        return !equals(version);
    case Operator::at_most:
        return version.without_local() <= *version_;
    case Operator::at_least:
        return version.without_local() >= *version_;
    case Operator::compatible:
        return version.without_local() >= *version_ && starts_release_of(version, version_->release().size() - 1);
    case Operator::below: // "<1.0" means no pre-release of 1.0 either, unless it names one itself
        return version < (version_->is_prerelease() ? *version_ : version_->first_dev());
    case Operator::above: // ">1.0" means neither "1.0+x" nor "1.0.post1", unless it names a later step itself
        return version.without_local() > *version_ &&
               (version_->is_postrelease() || version_->is_devrelease() || !version.is_post_of(*version_));
    }
    return false;
}

bool Specifier::asks_for_prereleases() const {
    return operator_ != Operator::not_equal && version_ && version_->is_prerelease();
}

std::optional<SpecifierSet> SpecifierSet::parse(std::string_view text) {
    if (text.size() > longest)
        return std::nullopt;
    SpecifierSet out;
    while (!text.empty()) {
        const auto piece = text.substr(0, text.find(','));
        text.remove_prefix(std::min(piece.size() + 1, text.size()));
        if (ascii::trimmed(piece).empty())
            continue;
        auto specifier = Specifier::parse(piece);
        if (!specifier)
            return std::nullopt;
        out.specifiers_.push_back(std::move(*specifier));
    }
    return out;
}

bool SpecifierSet::contains(const Version& version) const {
    return std::ranges::all_of(specifiers_, [&](const Specifier& each) { return each.contains(version); });
}

bool SpecifierSet::asks_for_prereleases() const {
    return std::ranges::any_of(specifiers_, &Specifier::asks_for_prereleases);
}

std::vector<std::size_t> SpecifierSet::matching(std::span<const Version> versions) const {
    std::vector<std::size_t> all;
    std::vector<std::size_t> final_ones;
    for (std::size_t i = 0; i < versions.size(); ++i) {
        if (!contains(versions[i]))
            continue;
        all.push_back(i);
        if (!versions[i].is_prerelease())
            final_ones.push_back(i);
    }
    return asks_for_prereleases() || final_ones.empty() ? all : final_ones;
}

} // namespace yizhan
