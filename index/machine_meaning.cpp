#include "index/machine_meaning.hpp"

#include "index/torch_builds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace yizhan {
namespace {

std::string hardware_words(const Machine& machine) {
    std::string out = machine.cpu    ? "no GPU"
                      : machine.cuda ? "CUDA " + machine.cuda->str()
                                     : fmt::format("driver {} {}", machine.driver->str(),
                                                   machine.wsl2        ? "of Windows, under WSL2"
                                                   : machine.windows() ? "on Windows"
                                                                       : "on Linux");
    if (machine.cudnn)
        out += fmt::format(", cuDNN {}.{}", machine.cudnn->first, machine.cudnn->second);
    for (const auto& gpu : machine.gpus)
        out += ", a GPU of capability " + gpu.str();
    if (!machine.cpu && machine.gpus.empty())
        out += ", no GPU named";
    return out;
}

std::string python_words(const Machine& machine) {
    if (!machine.python)
        return "any Python";
    const auto& python = *machine.python;
    return fmt::format("Python {}.{}{} ({}{})", python.major, python.minor,
                       python.free_threaded ? ", free-threaded" : "", python.tag(), python.free_threaded ? "t" : "");
}

std::optional<BuildFacts> torch_build(const TorchRow& row, CudaVersion cuda, const Machine& machine,
                                      const Tables& tables) {
    return build_on(machine, "torch", row.torch + "+" + cuda.tag(), interpreter_for(machine, row), tables);
}

class Meaning {
  public:
    Meaning(const MachineMatch& match, const Tables& tables) : match_(match), tables_(tables) {}

    std::vector<CudaMeaning> cuda() const {
        const auto platform = build_platform(match_.machine().platform);
        if (!platform || match_.machine().cpu)
            return {};
        const auto place = static_cast<std::size_t>(*platform);
        std::set<CudaVersion> known;
        for (const auto& row : tables_.torch)
            known.insert(row.tags[place].begin(), row.tags[place].end());
        std::vector<CudaMeaning> out;
        for (auto cuda = known.rbegin(); cuda != known.rend(); ++cuda)
            out.push_back(one(*cuda, place));
        return out;
    }

    std::string newest_torch(const std::vector<CudaMeaning>& all) const {
        for (auto row = tables_.torch.rbegin(); row != tables_.torch.rend(); ++row)
            for (const auto& cuda : all)
                if (cuda.runs && runs_with(*row, cuda.cuda))
                    return fmt::format("{} for CUDA {}", row->torch, cuda.cuda.str());
        return {};
    }

  private:
    bool runs_with(const TorchRow& row, CudaVersion cuda) const {
        const auto place = static_cast<std::size_t>(*build_platform(match_.machine().platform));
        if (std::ranges::find(row.tags[place], cuda) == row.tags[place].end() ||
            !has_builds_for(row, interpreter_for(match_.machine(), row)))
            return false;
        const auto build = torch_build(row, cuda, match_.machine(), tables_);
        return build && match_.judge(*build).kept;
    }

    CudaMeaning one(CudaVersion cuda, std::size_t place) const {
        const auto& machine = match_.machine();
        CudaMeaning out{.cuda = cuda,
                        .floor = tables_.driver_floor(cuda, machine.driver_system() == DriverSystem::windows_driver),
                        .runs = false,
                        .first_torch = {},
                        .last_torch = {},
                        .reason = {}};
        bool for_python = false;
        for (const auto& row : tables_.torch) { // the oldest first
            if (std::ranges::find(row.tags[place], cuda) == row.tags[place].end() ||
                !has_builds_for(row, interpreter_for(machine, row)))
                continue;
            for_python = true;
            const auto build = torch_build(row, cuda, machine, tables_);
            if (!build)
                continue;
            const auto judgement = match_.judge(*build);
            if (judgement.kept || !out.runs)
                out.reason = judgement.reason;
            if (!judgement.kept)
                continue;
            out.last_torch = row.torch;
            if (!std::exchange(out.runs, true))
                out.first_torch = row.torch;
        }
        if (!for_python)
            out.reason = "no release of torch has builds of it for " + python_words(machine);
        return out;
    }

    const MachineMatch& match_;
    const Tables& tables_;
};

} // namespace

Result<MachineMeaning> meaning_of(const Machine& machine, const Tables& tables) {
    const auto match = MachineMatch::of(machine, tables);
    if (!match)
        return std::unexpected(match.error());
    auto platforms = platform_tags(machine.platform);
    if (!platforms)
        return std::unexpected(std::move(platforms.error()));
    const Meaning meaning(*match, tables);
    MachineMeaning out{.literal = machine.str(),
                       .python = python_words(machine),
                       .platform = machine.platform,
                       .platforms = std::move(*platforms),
                       .hardware = hardware_words(machine),
                       .hides = machine.hides(),
                       .cuda = meaning.cuda(),
                       .torch = {},
                       .notes = match->notes()};
    out.torch = meaning.newest_torch(out.cuda);
    return out;
}

} // namespace yizhan
