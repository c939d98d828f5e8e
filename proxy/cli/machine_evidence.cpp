#include "proxy/cli/machine_evidence.hpp"

#include "proxy/cli/run_program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <sys/utsname.h>
#include <unistd.h>

namespace yizhan {
namespace {

namespace fs = std::filesystem;

// nvidia-smi wakes every GPU first: 2 to 6 s on servers with eight and no persistence daemon.
constexpr std::chrono::seconds patience{10};
constexpr std::size_t most_entries = 256; // of a folder of the kernel's

/// The beginning of a file of the kernel's; empty where it cannot be read.
std::string read_start(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string out(longest_driver_report, '\0');
    file.read(out.data(), static_cast<std::streamsize>(out.size()));
    out.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    return out;
}

std::vector<fs::path> entries(const fs::path& folder) {
    std::vector<fs::path> out;
    std::error_code error;
    for (fs::directory_iterator each(folder, error), end; !error && each != end && out.size() < most_entries;
         each.increment(error))
        out.push_back(each->path());
    std::ranges::sort(out);
    return out;
}

/// Display and 3D controllers (class 03) of NVIDIA's (vendor 10de).
std::size_t nvidia_devices(const fs::path& root) {
    const auto devices = entries(root / "sys/bus/pci/devices");
    return static_cast<std::size_t>(std::ranges::count_if(devices, [](const fs::path& device) {
        return read_start(device / "vendor").starts_with("0x10de") && read_start(device / "class").starts_with("0x03");
    }));
}

std::string libc_version() {
    std::array<char, 64> text{};
    const auto length = ::confstr(_CS_GNU_LIBC_VERSION, text.data(), text.size());
    return length > 0 && length <= text.size() ? std::string(text.data()) : std::string();
}

/// Asks nvidia-smi; one of before driver 510 knows no compute_cap and is asked again without.
void ask_smi(const std::string& program, MachineEvidence& evidence) {
    for (const bool with_capability : {true, false}) {
        const auto fields = with_capability ? smi_fields_with_capability : smi_fields;
        auto run = run_program({program, fmt::format("--query-gpu={}", fields), "--format=csv,noheader"}, patience);
        evidence.smi_found = run || run.error().code != Errc::not_found;
        evidence.smi = run ? std::move(run->out) : evidence.smi_found ? run.error().message : std::string();
        evidence.smi_with_capability = with_capability;
        if (!read_smi(evidence.smi, with_capability).field_unknown)
            return;
    }
}

} // namespace

MachineEvidence gather_evidence(const fs::path& root, const std::string& python) {
    MachineEvidence out;
    utsname system{};
    if (::uname(&system) == 0)
        out.processor = system.machine;
    out.libc = libc_version();
    out.kernel = read_start(root / "proc/version");
    out.proc_driver = read_start(root / "proc/driver/nvidia/version");
    out.module_version = read_start(root / "sys/module/nvidia/version");
    for (const auto& gpu : entries(root / "proc/driver/nvidia/gpus"))
        out.proc_gpus.push_back(read_start(gpu / "information"));
    out.nvidia_devices = nvidia_devices(root);
    ask_smi("nvidia-smi", out);
    if (!out.smi_found) // WSL2 has it there, and not on everybody's PATH
        ask_smi((root / "usr/lib/wsl/lib/nvidia-smi").string(), out);
    auto answer = run_program({python, "-E", "-S", "-c", std::string(python_question)}, patience);
    if (answer || answer.error().code != Errc::not_found)
        out.python = answer ? std::move(answer->out) : std::string();
    return out;
}

} // namespace yizhan
