// From what a machine says of itself to the machine that pages are matched to, with every doubt in words.
// Pure: who ran the programs and read the files is proxy/cli/machine_evidence. Any thread.
#pragma once

#include "index/driver_report.hpp"
#include "index/machine.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// The program that tells an interpreter's tag, for `python3 -c`; it runs on 2.7 and newer, imports nothing from the
/// working folder, and prints one line: "CPython 3.11 gil linux-x86_64".
extern const std::string_view python_question;

/// Texts as they came; empty or absent: not there.
struct MachineEvidence {
    std::string processor;              ///< uname -m: "x86_64"
    std::string libc;                   ///< confstr(_CS_GNU_LIBC_VERSION): "glibc 2.36"
    std::string kernel;                 ///< /proc/version
    bool smi_found = false;             ///< whether an nvidia-smi was run
    std::string smi;                    ///< what it printed
    bool smi_with_capability = true;    ///< which fields it was asked for
    std::string proc_driver;            ///< /proc/driver/nvidia/version
    std::string module_version;         ///< /sys/module/nvidia/version
    std::vector<std::string> proc_gpus; ///< /proc/driver/nvidia/gpus/*/information
    std::size_t nvidia_devices = 0;     ///< display controllers of NVIDIA's on the PCI bus
    std::optional<std::string> python;  ///< what python_question's program printed; nullopt: there is no python3
    std::string wanted_python;          ///< "3.6" from the command line, which counts instead
};

struct DetectedMachine {
    Machine machine;
    std::vector<std::string> doubts; ///< sentences without a full stop: what was guessed, missing or contradictory
};

/// Errors: Errc::invalid where the processor or the wanted Python is none that builds exist for.
Result<DetectedMachine> detect_machine(const MachineEvidence& evidence, const Tables& tables);

} // namespace yizhan
