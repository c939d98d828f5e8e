#include "config/table_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

namespace yizhan {
namespace {

using Numbers = std::array<unsigned, 4>;

std::optional<Numbers> numbers(std::string_view text) {
    Numbers out{};
    for (auto& each : out) {
        const auto dot = text.find('.');
        const auto part = text.substr(0, dot);
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), each);
        if (part.empty() || part.size() > 4 || error != std::errc() || end != part.data() + part.size())
            return std::nullopt;
        if (dot == std::string_view::npos)
            return out;
        text.remove_prefix(dot + 1);
    }
    return std::nullopt;
}

} // namespace

std::strong_ordering compare_releases(std::string_view a, std::string_view b) {
    return numbers(a).value_or(Numbers{}) <=> numbers(b).value_or(Numbers{});
}

void TableRow::complain(std::size_t column, std::string_view what) {
    if (problem_)
        return;
    const auto& field = fields_[column];
    problem_ = fail(Errc::invalid, fmt::format("{}:{}:{}: {} \"{}\": {}", file_, field.line, field.column,
                                               columns_[column], field.text.substr(0, 60), what))
                   .error();
}

const std::string& TableRow::required(std::size_t column) {
    if (text(column).empty())
        complain(column, "a value is missing");
    return text(column);
}

std::vector<std::string> TableRow::words(std::size_t column) const {
    std::vector<std::string> out;
    const std::string_view whole = text(column);
    for (std::size_t from = 0; (from = whole.find_first_not_of(' ', from)) != std::string_view::npos;) {
        const auto end = std::min(whole.find(' ', from), whole.size());
        out.emplace_back(whole.substr(from, end - from));
        from = end;
    }
    return out;
}

bool TableRow::yes(std::size_t column) {
    if (text(column) != "yes" && !text(column).empty())
        complain(column, "expected yes or nothing");
    return text(column) == "yes";
}

std::string TableRow::release(std::size_t column) {
    if (!numbers(text(column)))
        complain(column, "expected a release such as 1.10.0");
    return text(column);
}

std::optional<DriverVersion> TableRow::driver(std::size_t column) {
    if (text(column).empty())
        return std::nullopt;
    const auto out = DriverVersion::parse(text(column));
    if (!out)
        complain(column, "expected a driver such as 450.80.02, or nothing");
    return out;
}

CudaVersion TableRow::cuda_tag(std::size_t column) {
    const auto out = CudaVersion::parse_tag(text(column));
    if (!out)
        complain(column, "expected a tag such as cu118");
    return out.value_or(CudaVersion{});
}

std::optional<CudaVersion> TableRow::cuda(std::size_t column) {
    if (text(column).empty())
        return std::nullopt;
    const auto out = CudaVersion::parse(text(column));
    if (!out)
        complain(column, "expected a CUDA version such as 11.8, or nothing");
    return out;
}

std::vector<CudaVersion> TableRow::cuda_tags(std::size_t column) {
    std::vector<CudaVersion> out;
    for (const auto& word : words(column)) {
        const auto tag = CudaVersion::parse_tag(word);
        if (!tag || (!out.empty() && *tag <= out.back())) {
            complain(column, "expected tags such as cu92 cu118, the lowest first");
            break;
        }
        out.push_back(*tag);
    }
    return out;
}

ComputeCapability TableRow::capability(std::size_t column) {
    const auto out = ComputeCapability::parse(text(column));
    if (!out)
        complain(column, "expected a compute capability such as 8.6");
    return out.value_or(ComputeCapability{});
}

std::vector<KernelCode> TableRow::code(std::size_t column) {
    std::vector<KernelCode> out;
    for (const auto& word : words(column)) {
        const auto entry = KernelCode::parse(word);
        if (!entry || (!out.empty() && entry->capability <= out.back().capability)) {
            complain(column, "expected capabilities such as 7.0 8.0 9.0+PTX, the lowest first");
            break;
        }
        out.push_back(*entry);
    }
    if (out.empty())
        complain(column, "a value is missing");
    return out;
}

Evidence TableRow::evidence() {
    Evidence out;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i] == "confidence") {
            constexpr std::array<std::pair<std::string_view, Confidence>, 3> grades{
                {{"high", Confidence::high}, {"medium", Confidence::medium}, {"low", Confidence::low}}};
            const auto* const found =
                std::ranges::find(grades, text(i), &std::pair<std::string_view, Confidence>::first);
            if (found == grades.end())
                complain(i, "expected high, medium or low");
            else
                out.confidence = found->second;
        } else if (columns_[i] == "source") {
            out.source = required(i);
        } else if (columns_[i] == "note") {
            out.note = text(i);
        }
    }
    return out;
}

} // namespace yizhan
