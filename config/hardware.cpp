#include "config/hardware.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace yizhan {
namespace {

/// At most four digits, and no leading zero where `strict`.
std::optional<unsigned> number(std::string_view text, bool strict = true) {
    unsigned out = 0;
    if (text.empty() || text.size() > 4 || (strict && text.size() > 1 && text.front() == '0'))
        return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return out;
}

using Pair = std::pair<unsigned, unsigned>;

/// "12.8": the minor number has one digit.
std::optional<Pair> dotted(std::string_view text) {
    const auto dot = text.find('.');
    if (dot == std::string_view::npos)
        return std::nullopt;
    const auto major = number(text.substr(0, dot));
    const auto minor = number(text.substr(dot + 1));
    if (!major || !minor || *major == 0 || *major > 99 || *minor > 9)
        return std::nullopt;
    return Pair{*major, *minor};
}

/// "128": the last digit is the minor number.
std::optional<Pair> joined(std::string_view digits) {
    if (digits.size() < 2 || digits.size() > 3)
        return std::nullopt;
    const auto major = number(digits.substr(0, digits.size() - 1));
    const auto minor = number(digits.substr(digits.size() - 1));
    if (!major || !minor || *major == 0)
        return std::nullopt;
    return Pair{*major, *minor};
}

template <class T>
std::optional<T> made_of(const std::optional<Pair>& pair) {
    if (!pair)
        return std::nullopt;
    return T{pair->first, pair->second};
}

} // namespace

std::optional<CudaVersion> CudaVersion::parse(std::string_view text) {
    const auto first = text.find('.');
    const auto second = first == std::string_view::npos ? first : text.find('.', first + 1);
    if (second != std::string_view::npos && !number(text.substr(second + 1), false))
        return std::nullopt;
    return made_of<CudaVersion>(dotted(text.substr(0, second)));
}

std::optional<CudaVersion> CudaVersion::parse_tag(std::string_view text) {
    if (!text.starts_with("cu"))
        return std::nullopt;
    return made_of<CudaVersion>(joined(text.substr(2)));
}

std::string CudaVersion::str() const {
    return fmt::format("{}.{}", major, minor);
}

std::string CudaVersion::tag() const {
    return fmt::format("cu{}{}", major, minor);
}

std::optional<ComputeCapability> ComputeCapability::parse(std::string_view text) {
    return made_of<ComputeCapability>(dotted(text));
}

std::optional<ComputeCapability> ComputeCapability::parse_sm(std::string_view text) {
    if (!text.starts_with("sm"))
        return std::nullopt;
    text.remove_prefix(text.starts_with("sm_") ? 3 : 2);
    return made_of<ComputeCapability>(joined(text));
}

std::string ComputeCapability::str() const {
    return fmt::format("{}.{}", major, minor);
}

std::string ComputeCapability::sm() const {
    return fmt::format("sm{}{}", major, minor);
}

std::optional<KernelCode> KernelCode::parse(std::string_view text) {
    KernelCode out;
    out.ptx = text.ends_with("+PTX");
    if (out.ptx)
        text.remove_suffix(4);
    const auto capability = ComputeCapability::parse(text);
    if (!capability)
        return std::nullopt;
    out.capability = *capability;
    return out;
}

std::string KernelCode::str() const {
    return capability.str() + (ptx ? "+PTX" : "");
}

std::optional<DriverVersion> DriverVersion::parse(std::string_view text) {
    DriverVersion out;
    out.given_ = 0;
    for (;;) {
        const auto dot = text.find('.');
        const auto part = number(text.substr(0, dot), out.given_ == 0);
        if (!part || out.given_ == out.parts_.size())
            return std::nullopt;
        out.parts_[out.given_++] = *part;
        if (dot == std::string_view::npos)
            break;
        text.remove_prefix(dot + 1);
    }
    if (out.parts_[0] == 0)
        return std::nullopt;
    return out;
}

std::string DriverVersion::str() const {
    auto out = std::to_string(parts_[0]);
    for (std::size_t i = 1; i < given_; ++i)
        out += fmt::format(".{:02}", parts_[i]);
    return out;
}

} // namespace yizhan
