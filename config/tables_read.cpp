#include "config/tables_read.hpp"

#include "config/csv.hpp"
#include "config/table_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <span>
#include <system_error>
#include <utility>

namespace yizhan {
namespace {

using Numbers = std::pair<unsigned, unsigned>;

/// "3.10" as (3, 10).
std::optional<Numbers> two_numbers(std::string_view text) {
    Numbers out;
    const auto dot = text.find('.');
    if (dot == std::string_view::npos || text.size() > 5)
        return std::nullopt;
    const auto* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), text.data() + dot, out.first);
    const auto second = std::from_chars(text.data() + dot + 1, end, out.second);
    if (first.ec != std::errc() || first.ptr != text.data() + dot || second.ec != std::errc() || second.ptr != end)
        return std::nullopt;
    return out;
}

Numbers numbers(TableRow& row, std::size_t column, std::string_view example) {
    const auto out = two_numbers(row.text(column));
    if (!out)
        row.complain(column, fmt::format("expected two numbers such as {}", example));
    return out.value_or(Numbers{});
}

constexpr std::array<std::string_view, 8> toolkit_columns{"cuda",      "tag",         "linux_driver", "windows_driver",
                                                          "linux_min", "windows_min", "confidence",   "source"};

ToolkitRow read_toolkit(TableRow& row) {
    ToolkitRow out;
    out.toolkit = row.release(0);
    out.cuda = row.cuda_tag(1);
    if (row.cuda(0) != out.cuda)
        row.complain(1, fmt::format("is not the tag of CUDA {}", row.text(0)));
    out.linux_driver = row.driver(2);
    out.windows_driver = row.driver(3);
    row.required(4);
    row.required(5);
    out.linux_min = row.driver(4).value_or(DriverVersion{});
    out.windows_min = row.driver(5).value_or(DriverVersion{});
    out.evidence = row.evidence();
    return out;
}

constexpr std::array<std::string_view, 12> torch_columns{"torch",         "torchvision", "torchaudio",   "torchtext",
                                                         "python_min",    "python_max",  "linux_x86_64", "win_amd64",
                                                         "linux_aarch64", "confidence",  "source",       "note"};

TorchRow read_torch(TableRow& row) {
    TorchRow out;
    out.torch = row.release(0);
    out.torchvision = row.words(1);
    out.torchaudio = row.text(2);
    out.torchtext = row.text(3);
    out.python_min = numbers(row, 4, "3.10");
    out.python_max = numbers(row, 5, "3.10");
    if (out.python_max < out.python_min)
        row.complain(5, "is below python_min");
    for (std::size_t i = 0; i < out.tags.size(); ++i)
        out.tags[i] = row.cuda_tags(6 + i);
    out.evidence = row.evidence();
    return out;
}

constexpr std::array<std::string_view, 8> extra_columns{
    "torch", "pypi_linux_cuda", "pypi_aarch64_cuda", "untagged", "released", "confidence", "source", "note"};

TorchExtraRow read_extra(TableRow& row) {
    TorchExtraRow out;
    out.torch = row.release(0);
    out.pypi_linux = row.cuda(1);
    out.pypi_aarch64 = row.cuda(2);
    out.all_untagged = row.text(3) == "all";
    if (!row.text(3).empty() && !out.all_untagged)
        out.untagged = row.cuda_tag(3);
    out.released = row.required(4);
    out.evidence = row.evidence();
    return out;
}

constexpr std::array<std::string_view, 6> code_columns{"torch",        "platform",   "tag",
                                                       "capabilities", "confidence", "source"};

TorchCodeRow read_code(TableRow& row) {
    TorchCodeRow out;
    out.torch = row.release(0);
    const auto* const platform = std::ranges::find(build_platform_names, row.text(1));
    if (platform == build_platform_names.end())
        row.complain(1, "expected linux_x86_64, win_amd64 or linux_aarch64");
    else
        out.platform = static_cast<BuildPlatform>(platform - build_platform_names.begin());
    out.cuda = row.cuda_tag(2);
    out.code = row.code(3);
    out.evidence = row.evidence();
    return out;
}

constexpr std::array<std::string_view, 11> tensorflow_columns{"os",         "tensorflow", "projects",     "python",
                                                              "cuda",       "cudnn",      "capabilities", "and_cuda",
                                                              "confidence", "source",     "note"};

TensorflowRow read_tensorflow(TableRow& row) {
    TensorflowRow out;
    if (row.text(0) != "linux" && row.text(0) != "windows")
        row.complain(0, "expected linux or windows");
    out.windows = row.text(0) == "windows";
    out.tensorflow = row.release(1);
    row.required(2);
    out.projects = row.words(2);
    for (const auto& range : row.words(3)) {
        const auto dash = std::min(range.find('-'), range.size());
        const auto from = two_numbers(std::string_view(range).substr(0, dash));
        const auto to = dash == range.size() ? from : two_numbers(std::string_view(range).substr(dash + 1));
        if (!from || !to || *to < *from)
            row.complain(3, "expected Python versions and ranges such as 2.7 3.5-3.8");
        else
            out.python.emplace_back(*from, *to);
    }
    row.required(3);
    row.required(4);
    out.cuda = row.cuda(4).value_or(CudaVersion{});
    out.cudnn = numbers(row, 5, "8.1");
    out.code = row.code(6);
    out.and_cuda = row.yes(7);
    out.evidence = row.evidence();
    return out;
}

constexpr std::array<std::string_view, 10> capability_columns{
    "capability", "architecture", "chips",      "board",  "first_driver",
    "dropped_in", "server_cuda",  "confidence", "source", "note"};

CapabilityRow read_capability(TableRow& row) {
    CapabilityRow out;
    out.capability = row.capability(0);
    out.architecture = row.required(1);
    row.required(2);
    out.chips = row.words(2);
    if (!row.text(3).empty() && row.text(3) != "jetson")
        row.complain(3, "expected jetson or nothing");
    out.jetson = row.text(3) == "jetson";
    out.first_driver = row.driver(4);
    out.dropped_in = row.driver(5);
    out.server_cuda = row.cuda(6);
    if (out.server_cuda && !out.jetson)
        row.complain(6, "is only for boards");
    out.evidence = row.evidence();
    return out;
}

constexpr std::array<std::string_view, 8> gpu_columns{
    "name", "capability", "other_capabilities", "chips", "aliases", "confidence", "source", "note"};

GpuRow read_gpu(TableRow& row) {
    GpuRow out;
    out.name = row.required(0);
    out.capability = row.capability(1);
    for (const auto& word : row.words(2)) {
        const auto other = ComputeCapability::parse(word);
        if (!other || *other <= out.capability) {
            row.complain(2, "expected capabilities above the first, which must be the lowest");
            break;
        }
        out.others.push_back(*other);
    }
    row.required(3);
    out.chips = row.words(3);
    std::string_view rest = row.text(4);
    while (!rest.empty()) {
        const auto end = std::min(rest.find(';'), rest.size());
        out.aliases.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 2, rest.size()));
    }
    out.evidence = row.evidence();
    return out;
}

constexpr std::array<std::string_view, 6> merged_columns{"project",    "partner", "cuda_from",
                                                         "confidence", "source",  "note"};

MergedRow read_merged(TableRow& row) {
    MergedRow out;
    out.project = row.required(0);
    out.partner = row.required(1);
    if (!row.text(2).empty())
        out.cuda_from = row.release(2);
    out.evidence = row.evidence();
    return out;
}

constexpr std::array<std::string_view, 10> breaker_columns{"project",    "versions", "platform",   "breaker", "breaks",
                                                           "constraint", "when",     "confidence", "source",  "note"};

BreakerRow read_breaker(TableRow& row) {
    BreakerRow out;
    out.project = row.required(0);
    out.versions = row.required(1);
    out.os = row.text(2);
    if (!out.os.empty() && out.os != "linux" && out.os != "windows" && out.os != "macos")
        row.complain(2, "expected linux, windows, macos or nothing");
    out.breaker = row.required(3);
    out.breaks = row.required(4);
    out.constraint = row.required(5);
    if (!out.constraint.starts_with(out.breaker))
        row.complain(5, fmt::format("expected a constraint on {}", out.breaker));
    if (row.text(6) != "import" && row.text(6) != "use")
        row.complain(6, "expected import or use");
    out.at_import = row.text(6) == "import";
    out.evidence = row.evidence();
    return out;
}

/// What keeps the rows of one table apart and in order: a row must stand after the one before it, so that two that
/// were swapped, or one that stands twice, are noticed.
template <class Row>
using After = std::function<bool(const Row& row, const Row& before)>;

template <class Row>
Result<std::vector<Row>> rows_of(std::string_view csv, std::string_view place,
                                 std::span<const std::string_view> columns, Row (*read)(TableRow&),
                                 const After<Row>& after) {
    const auto fields = parse_csv(csv, place);
    if (!fields)
        return std::unexpected(fields.error());
    if (fields->empty() || !std::ranges::equal(fields->front(), columns, {}, &CsvField::text))
        return fail(Errc::invalid, fmt::format("{}:1:1: expected the header {}", place, fmt::join(columns, ",")));
    std::vector<Row> out;
    for (std::size_t i = 1; i < fields->size(); ++i) {
        TableRow row(place, (*fields)[i], columns);
        out.push_back(read(row));
        if (after && out.size() > 1 && !after(out.back(), out[out.size() - 2]))
            row.complain(0, fmt::format("stands below \"{}\" of the row before; rows ascend, and none stands twice",
                                        (*fields)[i - 1].front().text));
        if (row.problem())
            return std::unexpected(*row.problem());
    }
    if (out.empty())
        return fail(Errc::invalid, fmt::format("{}:1:1: the table has no rows", place));
    return out;
}

template <class Row>
Result<void> fill(std::vector<Row>& into, Result<std::vector<Row>> rows) {
    if (!rows)
        return std::unexpected(rows.error());
    into = std::move(*rows);
    return {};
}

bool above(std::string_view a, std::string_view b) {
    return compare_releases(a, b) > 0;
}

} // namespace

Result<void> read_table(std::string_view name, std::string_view csv, std::string_view place, Tables& out) {
    if (name == "cuda_driver.csv")
        return fill(out.toolkits, rows_of<ToolkitRow>(csv, place, toolkit_columns, read_toolkit,
                                                      [](const ToolkitRow& row, const ToolkitRow& before) {
                                                          return above(row.toolkit, before.toolkit);
                                                      }));
    if (name == "torch_matrix.csv")
        return fill(out.torch, rows_of<TorchRow>(csv, place, torch_columns, read_torch,
                                                 [](const TorchRow& row, const TorchRow& before) {
                                                     return above(row.torch, before.torch);
                                                 }));
    if (name == "torch_extra.csv")
        return fill(out.torch_extra, rows_of<TorchExtraRow>(csv, place, extra_columns, read_extra,
                                                            [](const TorchExtraRow& row, const TorchExtraRow& before) {
                                                                return above(row.torch, before.torch);
                                                            }));
    if (name == "torch_sm.csv")
        return fill(out.torch_code,
                    rows_of<TorchCodeRow>(
                        csv, place, code_columns, read_code, [](const TorchCodeRow& row, const TorchCodeRow& before) {
                            const auto order = compare_releases(row.torch, before.torch);
                            return order > 0 || (order == 0 && std::pair(row.cuda, row.platform) >
                                                                   std::pair(before.cuda, before.platform));
                        }));
    if (name == "tf_matrix.csv")
        return fill(out.tensorflow, rows_of<TensorflowRow>(csv, place, tensorflow_columns, read_tensorflow,
                                                           [](const TensorflowRow& row, const TensorflowRow& before) {
                                                               return row.windows != before.windows
                                                                          ? row.windows
                                                                          : above(row.tensorflow, before.tensorflow);
                                                           }));
    if (name == "capabilities.csv")
        return fill(out.capabilities, rows_of<CapabilityRow>(csv, place, capability_columns, read_capability,
                                                             [](const CapabilityRow& row, const CapabilityRow& before) {
                                                                 return row.capability > before.capability;
                                                             }));
    if (name == "gpus.csv") // by families, for people; names that stand twice are found by their keys
        return fill(out.gpus, rows_of<GpuRow>(csv, place, gpu_columns, read_gpu, nullptr));
    if (name == "merged.csv")
        return fill(out.merged, rows_of<MergedRow>(csv, place, merged_columns, read_merged, nullptr));
    return fill(out.breakers, rows_of<BreakerRow>(csv, place, breaker_columns, read_breaker, nullptr));
}

} // namespace yizhan
