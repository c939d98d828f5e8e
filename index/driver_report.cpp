#include "index/driver_report.hpp"

#include "index/ascii.hpp"

#include <algorithm>
#include <utility>

namespace yizhan {
namespace {

constexpr std::size_t most_gpus = 64;
constexpr std::size_t longest_name = 100;      // the longest that NVIDIA has given has 53
constexpr std::size_t longest_complaint = 200; // its longest is two lines of 80

/// Takes the first line off the text, without its end.
std::string_view take_line(std::string_view& text) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return ascii::trimmed(line);
}

/// Takes what stands before the next comma off the line.
std::string_view take_field(std::string_view& line) {
    const auto comma = line.find(',');
    const auto field = line.substr(0, comma);
    line.remove_prefix(comma == std::string_view::npos ? line.size() : comma + 1);
    return ascii::trimmed(field);
}

/// What people may see: printable ASCII, and not without end.
std::string printable(std::string_view text, std::size_t longest) {
    std::string out(text.substr(0, longest));
    std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
    return out;
}

bool is_placeholder(std::string_view name) { // "[N/A]", "[Unknown Error]", "Unknown"
    return name.empty() || name.starts_with('[') || ascii::is(name, "unknown") || ascii::is(name, "n/a");
}

} // namespace

SmiReport read_smi(std::string_view output, bool with_capability) {
    SmiReport out;
    auto text = output.substr(0, longest_driver_report);
    while (!text.empty()) {
        auto line = take_line(text);
        const auto whole = line;
        const auto driver = DriverVersion::parse(take_field(line));
        const bool a_row = driver && driver->branch() >= 100; // no driver with CUDA is older
        if (whole.empty())
            continue;
        if (!a_row) {
            out.field_unknown = out.field_unknown || whole.find("compute_cap") != std::string_view::npos;
            if (out.complaint.empty())
                out.complaint = printable(whole, longest_complaint);
            continue;
        }
        out.driver = out.driver ? out.driver : driver;
        ReportedGpu gpu;
        if (with_capability)
            gpu.capability = ComputeCapability::parse(take_field(line));
        const auto name = ascii::trimmed(line);
        gpu.name = is_placeholder(name) ? "" : printable(name, longest_name);
        if (out.gpus.size() < most_gpus)
            out.gpus.push_back(std::move(gpu));
    }
    return out;
}

std::optional<DriverVersion> read_proc_driver(std::string_view text) {
    text = text.substr(0, longest_driver_report);
    while (!text.empty()) {
        auto line = take_line(text);
        if (!line.starts_with("NVRM version:"))
            continue;
        // The version is the first word after the module's name that is one; "x86_64" and dates are none.
        const auto module = line.find("Kernel Module");
        if (module == std::string_view::npos)
            return std::nullopt;
        line.remove_prefix(module);
        while (!line.empty()) {
            const auto end = std::min(line.find(' '), line.size());
            const auto word = line.substr(0, end);
            line.remove_prefix(std::min(end + 1, line.size()));
            if (word.find('.') != std::string_view::npos)
                if (const auto driver = DriverVersion::parse(word))
                    return driver;
        }
        return std::nullopt;
    }
    return std::nullopt;
}

std::optional<DriverVersion> read_module_version(std::string_view text) {
    return DriverVersion::parse(ascii::trimmed(text.substr(0, longest_driver_report)));
}

std::string read_proc_gpu(std::string_view text) {
    text = text.substr(0, longest_driver_report);
    while (!text.empty()) {
        const auto line = take_line(text);
        if (!line.starts_with("Model:"))
            continue;
        const auto name = ascii::trimmed(line.substr(6));
        return is_placeholder(name) ? "" : printable(name, longest_name);
    }
    return {};
}

bool is_wsl2_kernel(std::string_view proc_version) {
    const auto lower = ascii::lowered(proc_version.substr(0, longest_driver_report));
    return lower.find("microsoft") != std::string::npos && lower.find("wsl2") != std::string::npos;
}

} // namespace yizhan
