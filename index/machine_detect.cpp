#include "index/machine_detect.hpp"

#include "index/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace yizhan {

// sys.path's first entry is the working folder, where somebody's platform.py may lie.
const std::string_view python_question =
    "import sys\n"
    "sys.path = [p for p in sys.path if p]\n"
    "import platform, sysconfig\n"
    "free = sysconfig.get_config_var('Py_GIL_DISABLED')\n"
    "print('%s %d.%d %s %s' % (platform.python_implementation(), sys.version_info[0], sys.version_info[1],\n"
    "                          'free' if free else 'gil', sysconfig.get_platform()))\n";

namespace {

/// What one interpreter said.
struct PythonReport {
    std::string version;   ///< "3.11", "3.13t"
    std::string processor; ///< "x86_64": of a 32-bit Python on a 64-bit kernel its own
};

std::vector<std::string_view> blank_separated(std::string_view text) {
    std::vector<std::string_view> out;
    while (!(text = ascii::trimmed(text)).empty() && out.size() < 8) {
        const auto end = std::min(text.find_first_of(" \t\n\r"), text.size());
        out.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return out;
}

class Detection {
  public:
    Detection(const MachineEvidence& evidence, const Tables& tables) : evidence_(evidence), tables_(tables) {}

    Result<DetectedMachine> run() {
        find_driver();
        find_python();
        find_platform();
        auto machine = machine_of(fields_, tables_);
        if (!machine)
            return std::unexpected(std::move(machine.error()));
        for (auto& note : machine->notes)
            doubt(note);
        return DetectedMachine{std::move(*machine), std::move(doubts_)};
    }

  private:
    void doubt(std::string sentence) {
        if (std::ranges::find(doubts_, sentence) == doubts_.end())
            doubts_.push_back(std::move(sentence));
    }

    void find_driver() {
        const auto smi = read_smi(evidence_.smi, evidence_.smi_with_capability);
        const auto module = evidence_.proc_driver.empty() ? read_module_version(evidence_.module_version)
                                                          : read_proc_driver(evidence_.proc_driver);
        const auto driver = smi.driver ? smi.driver : module;
        fields_.wsl2 = driver && is_wsl2_kernel(evidence_.kernel);
        if (!driver)
            return say_why_no_driver(smi);
        fields_.driver = driver->str();
        if (smi.driver && module && *smi.driver != *module && !fields_.wsl2) // there the module has numbers of its own
            doubt(fmt::format("nvidia-smi says driver {}, the loaded kernel module is {}: the driver was updated "
                              "without a restart; restart, then detect again",
                              smi.driver->str(), module->str()));
        if (!smi.driver && !smi.complaint.empty())
            doubt("nvidia-smi failed (" + smi.complaint + "); the driver is what the kernel says");
        find_gpus(smi.driver ? smi.gpus : gpus_of_proc());
    }

    void say_why_no_driver(const SmiReport& smi) {
        if (evidence_.smi_found && !smi.complaint.empty())
            doubt("nvidia-smi finds no working driver (" + smi.complaint + "): taken for a machine without a GPU");
        else if (evidence_.nvidia_devices > 0)
            doubt(fmt::format("there {} on the PCI bus, but no NVIDIA driver is loaded: taken for a machine without a "
                              "GPU; install the driver, then detect again",
                              evidence_.nvidia_devices == 1
                                  ? "is an NVIDIA GPU"
                                  : fmt::format("are {} NVIDIA GPUs", evidence_.nvidia_devices)));
    }

    std::vector<ReportedGpu> gpus_of_proc() const {
        std::vector<ReportedGpu> out;
        out.reserve(evidence_.proc_gpus.size());
        for (const auto& text : evidence_.proc_gpus)
            out.push_back({.name = read_proc_gpu(text), .capability = {}});
        return out;
    }

    void find_gpus(const std::vector<ReportedGpu>& gpus) {
        for (const auto& gpu : gpus)
            add_gpu(gpu);
        if (fields_.gpu.empty())
            doubt("which GPU this is could not be found out: builds are chosen by the driver alone, and may lack code "
                  "for it; add its name or capability by hand, as in " +
                  std::string("driver535.154.05-sm86-…"));
    }

    void add_gpu(const ReportedGpu& gpu) {
        const auto name = gpu.name.empty() ? std::string("a GPU without a name") : gpu.name;
        if (gpu.capability && tables_.capability(*gpu.capability))
            return fields_.gpu.push_back(gpu.capability->sm());
        if (gpu.capability)
            return doubt(fmt::format("{} has capability {}, which the tables do not know: it is left out", name,
                                     gpu.capability->str()));
        if (const auto* const row = gpu.name.empty() ? nullptr : tables_.find_gpu(gpu.name)) {
            if (!row->others.empty())
                doubt(fmt::format("{}: {}", row->name, row->evidence.note));
            return fields_.gpu.push_back(row->capability.sm());
        }
        doubt(fmt::format("the tables do not know {}, and its driver does not tell its capability: it is left out",
                          name));
    }

    void find_python() {
        if (!evidence_.wanted_python.empty()) {
            fields_.python = evidence_.wanted_python;
            return;
        }
        const std::string left_open = ": left open, builds for every Python are shown; name one with --python 3.11";
        if (!evidence_.python)
            return doubt("there is no python3 on PATH" + left_open);
        const auto words = blank_separated(std::string_view(*evidence_.python).substr(0, longest_driver_report));
        if (words.size() != 4 || !Interpreter::parse(words[1]))
            return doubt("python3 did not say which it is" + left_open);
        if (words[0] != "CPython")
            return doubt(fmt::format("python3 is {}, for which there are no builds{}",
                                     words[0].size() > 20 ? "no CPython" : words[0], left_open));
        fields_.python = std::string(words[1]) + (words[2] == "free" ? "t" : "");
        if (words[3].starts_with("linux-"))
            python_processor_ = words[3].substr(6);
    }

    void find_platform() {
        auto processor = python_processor_.empty() ? evidence_.processor : python_processor_;
        std::ranges::replace(processor, '-', '_');
        const auto words = blank_separated(evidence_.libc);
        const auto dot = words.size() == 2 && words[0] == "glibc" ? words[1].find('.') : std::string_view::npos;
        if (dot != std::string_view::npos && words[1].starts_with("2.") && ascii::all_digits(words[1].substr(2))) {
            fields_.platform = fmt::format("manylinux_2_{}_{}", words[1].substr(2), processor);
        } else {
            fields_.platform = "linux_" + processor;
            doubt("which glibc this is could not be found out: no build is left out for it");
        }
    }

    const MachineEvidence& evidence_;
    const Tables& tables_;
    MachineSettings fields_;
    std::string python_processor_;
    std::vector<std::string> doubts_;
};

} // namespace

Result<DetectedMachine> detect_machine(const MachineEvidence& evidence, const Tables& tables) {
    return Detection(evidence, tables).run();
}

} // namespace yizhan
