#include "index/pin_check.hpp"

#include "index/ascii.hpp"
#include "index/specifiers.hpp"
#include "index/torch_builds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace yizhan {
namespace {

/// One build that the tables know of.
struct Candidate {
    BuildFacts build;
    bool for_python = true; ///< whether its release had builds for the machine's Python
};

std::string python_words(const Machine& machine) {
    return machine.python ? fmt::format("Python {}.{}", machine.python->major, machine.python->minor) : "any Python";
}

/// All builds of one project, in no particular order.
class Builds {
  public:
    Builds(std::string_view project, const Machine& machine, const Tables& tables)
        : project_(project), machine_(machine), tables_(tables) {
        if (tables.merged_project(project) != nullptr)
            for (const auto& row : tables.torch)
                add_release(row);
        else
            for (const auto& row : tables.tensorflow)
                add_tensorflow(row);
    }

    std::vector<Candidate> take() { return std::move(out_); }

  private:
    void add(const std::string& version, const Interpreter& python, bool for_python) {
        if (auto build = build_on(machine_, project_, version, python, tables_))
            out_.push_back({std::move(*build), for_python});
    }

    void add_release(const TorchRow& row) {
        const auto python = interpreter_for(machine_, row);
        const bool for_python = has_builds_for(row, python);
        for (const auto& release : releases(row)) {
            const auto plain = build_on(machine_, project_, release, python, tables_);
            if (plain && plain->label.kind == BuildLabel::Kind::neutral) { // one build for every tag
                out_.push_back({*plain, for_python});
                continue;
            }
            add(release + "+cpu", python, for_python);
            if (const auto platform = build_platform(machine_.platform))
                for (const auto& tag : row.tags[static_cast<std::size_t>(*platform)])
                    add(release + "+" + tag.tag(), python, for_python);
        }
    }

    std::vector<std::string> releases(const TorchRow& row) const {
        if (project_ == "torchvision")
            return row.torchvision;
        const auto& one = project_ == "torch" ? row.torch : project_ == "torchaudio" ? row.torchaudio : row.torchtext;
        return one.empty() ? std::vector<std::string>() : std::vector{one};
    }

    void add_tensorflow(const TensorflowRow& row) {
        const bool under_this_name = std::ranges::find(row.projects, project_) != row.projects.end();
        if (!under_this_name && project_ == "tensorflow-gpu")
            return;
        const auto python = machine_.python.value_or(
            Interpreter{.major = row.python.back().second.first, .minor = row.python.back().second.second});
        const std::pair wanted{python.major, python.minor};
        const bool for_python = std::ranges::any_of(
            row.python, [&](const auto& range) { return wanted >= range.first && wanted <= range.second; });
        add(row.tensorflow, python, for_python);
    }

    std::string project_;
    const Machine& machine_;
    const Tables& tables_;
    std::vector<Candidate> out_;
};

/// "===" compares texts, which no table can; what it means here is the version behind it.
std::string without_identity(std::string_view specifiers) {
    std::string out(specifiers);
    for (auto at = out.find("==="); at != std::string::npos; at = out.find("===", at + 1))
        out.erase(at, 1);
    return out;
}

/// The version of a single "==1.9.0+cu111"; empty for anything else.
std::string exact_version(std::string_view specifiers) {
    if (!specifiers.starts_with("==") || specifiers.find_first_of(",*") != std::string_view::npos)
        return {};
    return std::string(ascii::trimmed(specifiers.substr(2)));
}

/// Which of two builds to name: by version, then by CUDA as a number, which local labels as text are not.
bool lower(const BuildFacts& a, const BuildFacts& b) {
    if (const auto order = a.version.without_local() <=> b.version.without_local(); order != 0)
        return order < 0;
    return a.label.cuda < b.label.cuda;
}

/// The best build that runs: of the wanted release, else of the highest below it, else of the lowest above.
std::string nearest_to(const Version& wanted, const std::vector<Candidate>& all, const MachineMatch& match) {
    const auto base = wanted.without_local();
    const BuildFacts* below = nullptr;
    const BuildFacts* above = nullptr;
    for (const auto& each : all) {
        if (!each.for_python || !match.judge(each.build))
            continue;
        const auto release = each.build.version.without_local();
        const bool is_above = release > base;
        auto*& best = is_above ? above : below;
        const bool nearer = best == nullptr || (is_above && release < best->version.without_local());
        if (nearer || (!is_above && lower(*best, each.build)) ||
            (is_above && release == best->version.without_local() && lower(*best, each.build)))
            best = &each.build;
    }
    const auto* const best = below != nullptr ? below : above;
    return best == nullptr ? std::string() : fmt::format("{}=={}", best->project, best->version.str());
}

} // namespace

std::optional<PinTrouble> check_pin(std::string_view project, std::string_view specifiers, const MachineMatch& match,
                                    const Tables& tables) {
    const auto wanted = without_identity(specifiers);
    const auto set = SpecifierSet::parse(wanted);
    if (!match.judges(project) || !set)
        return std::nullopt;
    const auto all = Builds(project, match.machine(), tables).take();
    const Candidate* newest = nullptr;
    std::optional<PinTrouble> out;
    for (const auto& each : all) {
        if (!set->contains(each.build.version))
            continue;
        const auto judged = match.judge(each.build);
        if (judged && each.for_python)
            return std::nullopt;
        if (newest != nullptr && lower(each.build, newest->build))
            continue;
        newest = &each;
        out = {.reason = each.for_python ? judged.reason
                                         : fmt::format("{} {} has no builds for {}", project,
                                                       each.build.version.base_str(), python_words(match.machine())),
               .nearest = {}};
    }
    if (newest != nullptr) {
        out->nearest = nearest_to(newest->build.version, all, match);
        return out;
    }
    // A build that the tables do not list: its own label still says what it needs.
    const auto exact = exact_version(wanted);
    const auto python = match.machine().python.value_or(Interpreter{.major = 3, .minor = 11});
    const auto build = exact.empty() ? std::nullopt : build_on(match.machine(), project, exact, python, tables);
    const bool tells = build && (build->version.has_local() || tables.merged_project(project) == nullptr);
    const auto judged = tells ? match.judge(*build) : BuildVerdict{.kept = true, .reason = {}};
    if (judged)
        return std::nullopt;
    return PinTrouble{.reason = judged.reason, .nearest = nearest_to(build->version, all, match)};
}

} // namespace yizhan
