#include "index/machine.hpp"

#include "index/machine_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace yizhan {
namespace {

std::unexpected<Error> bad(std::string_view field, std::string_view value, std::string_view why) {
    return fail(Errc::invalid, fmt::format("{} = \"{}\": {}", field, value.substr(0, 60), why));
}

/// What nobody can run together, or that leaves open what counts.
Result<void> check(const Machine& machine) {
    if (machine.cuda && machine.driver)
        return fail(Errc::invalid, "name a driver or a CUDA version, not both: the driver says which CUDA runs");
    if (!machine.cpu && !machine.cuda && !machine.driver)
        return fail(Errc::invalid,
                    "GPUs without a driver leave open which CUDA runs; nvidia-smi shows the driver, as in "
                    "driver535.154.05");
    if (machine.cpu && !machine.gpus.empty())
        return fail(Errc::invalid, "a machine is either cpu or has GPUs");
    if (machine.cudnn && !machine.cuda)
        return fail(Errc::invalid, "cuDNN is named together with the installed CUDA, as in cu101-cudnn7.6");
    if (!machine.cpu && machine.platform.starts_with("macosx"))
        return fail(Errc::invalid, "there is no CUDA on macOS; such a machine is cpu");
    const bool linux_tag = machine.platform.find("linux") != std::string::npos;
    if (machine.wsl2 && (!machine.driver || !linux_tag))
        return fail(Errc::invalid, "wsl2 goes with a driver and a Linux platform: it says that Windows' driver counts");
    return {};
}

/// Doubts that a page cannot settle but a person can.
void add_driver_notes(Machine& machine, const Tables& tables) {
    if (!machine.driver)
        return;
    for (const auto& gpu : machine.gpus) {
        const auto* const row = tables.capability(gpu);
        if (row == nullptr)
            continue;
        if (row->first_driver && *machine.driver < *row->first_driver)
            machine.notes.push_back(
                fmt::format("driver {} does not know GPUs of capability {}; {} is the first that does",
                            machine.driver->str(), gpu.str(), row->first_driver->str()));
        if (row->dropped_in && *machine.driver >= *row->dropped_in)
            machine.notes.push_back(
                fmt::format("driver {} does not support GPUs of capability {}; no driver from {} on does",
                            machine.driver->str(), gpu.str(), row->dropped_in->str()));
    }
}

Result<void> add_gpu(Machine& machine, std::string_view text, const Tables& tables) {
    auto capability = ComputeCapability::parse_sm(text);
    if (!capability)
        capability = ComputeCapability::parse(text);
    if (!capability) {
        const auto named = tables.gpu(text);
        if (!named)
            return std::unexpected(named.error());
        capability = (*named)->capability;
        if (!(*named)->others.empty())
            machine.notes.push_back(fmt::format("{}: {}", (*named)->name, (*named)->evidence.note));
    }
    if (tables.capability(*capability) == nullptr) {
        const auto near = near_capability(*capability, tables);
        return fail(Errc::invalid, fmt::format("no GPU has capability {}; {}", capability->str(),
                                               near ? "did you mean " + near->sm() + "?" : "8.6 is written sm86"));
    }
    machine.gpus.push_back(*capability);
    return {};
}

} // namespace

std::string Machine::str() const {
    std::string out = cpu ? "cpu" : cuda ? cuda->tag() : driver ? "driver" + driver->str() : "";
    if (cudnn)
        out += fmt::format("-cudnn{}.{}", cudnn->first, cudnn->second);
    for (const auto& gpu : gpus)
        out += '-' + gpu.sm();
    if (python)
        out += '-' + python->tag() + (python->free_threaded ? "t" : "");
    return out + '-' + platform + (wsl2 ? "-wsl2" : "") + (only ? "-only" : "");
}

DriverSystem Machine::driver_system() const {
    return windows() || wsl2 ? DriverSystem::windows_driver : DriverSystem::linux_driver;
}

bool Machine::hides() const {
    return only || (python && std::pair(python->major, python->minor) <= std::pair(3U, 7U));
}

bool Machine::operator==(const Machine& other) const {
    return str() == other.str();
}

Result<Machine> finish_machine(Machine machine, const Tables& tables) {
    std::ranges::sort(machine.gpus);
    machine.gpus.erase(std::ranges::unique(machine.gpus).begin(), machine.gpus.end());
    if (auto checked = check(machine); !checked)
        return std::unexpected(std::move(checked.error()));
    add_driver_notes(machine, tables);
    return machine;
}

Result<Machine> machine_of(const MachineSettings& fields, const Tables& tables) {
    Machine out;
    out.wsl2 = fields.wsl2;
    out.only = fields.only;
    for (const auto& gpu : fields.gpu)
        if (auto added = add_gpu(out, gpu, tables); !added)
            return bad("gpu", gpu, added.error().message);
    if (!fields.driver.empty() && !(out.driver = DriverVersion::parse(fields.driver)))
        return bad("driver", fields.driver, "expected what nvidia-smi shows, such as 441.22 or 580.95.05");
    if (!fields.cuda.empty()) {
        out.cuda = read_cuda(fields.cuda, tables);
        if (!out.cuda)
            return bad("cuda", fields.cuda, near_cuda(fields.cuda, tables));
    }
    if (!fields.cudnn.empty() && !(out.cudnn = read_two_numbers(fields.cudnn)))
        return bad("cudnn", fields.cudnn, "expected two numbers such as 7.6");
    if (!fields.python.empty() && !(out.python = read_python(fields.python)))
        return bad("python", fields.python, "expected a CPython such as 3.6 or 3.13t");
    const auto platform = canonical_platform(fields.platform);
    if (!platform)
        return bad("platform", fields.platform, near_platform(fields.platform));
    out.platform = *platform;
    out.cpu = fields.gpu.empty() && fields.driver.empty() && fields.cuda.empty();
    return finish_machine(std::move(out), tables);
}

Result<std::map<std::string, Machine>> machines_of(const std::map<std::string, MachineSettings>& settings,
                                                   const Tables& tables) {
    std::map<std::string, Machine> out;
    std::vector<std::string> problems;
    for (const auto& [name, fields] : settings) {
        auto machine = machine_of(fields, tables);
        if (machine)
            out.emplace(name, std::move(*machine));
        else
            problems.push_back(fmt::format("[machines.{}]: {}", name, machine.error().message));
    }
    if (problems.size() == 1)
        return fail(Errc::invalid, problems.front());
    if (!problems.empty())
        return fail(Errc::invalid, fmt::format("{} machines of the settings cannot be", problems.size()), problems);
    return out;
}

Result<void> add_machine_gpu(Machine& machine, std::string_view text, const Tables& tables) {
    return add_gpu(machine, text, tables);
}

} // namespace yizhan
