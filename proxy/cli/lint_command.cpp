#include "index/lint.hpp"
#include "proxy/cli/asked_machine.hpp"
#include "proxy/cli/commands.hpp"
#include "proxy/cli/text_file.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <deque>
#include <set>

namespace yizhan {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t most_files = 100; // includes may go in circles, and be made up

/// Reads files and what they include, each once, and keeps what is found.
class Linting {
  public:
    explicit Linting(const LintContext& context) : context_(context) {}

    void run(const std::vector<fs::path>& files) {
        for (const auto& file : files)
            waiting_.push_back({file, lint_format(file.filename().string())});
        while (!waiting_.empty()) {
            const auto next = std::move(waiting_.front());
            waiting_.pop_front();
            if (seen_.size() >= most_files) {
                failures_.push_back(fmt::format("{}: more than {} files include each other; the rest was not read",
                                                next.path.string(), most_files));
                return;
            }
            if (seen_.insert(fs::weakly_canonical(next.path)).second)
                read(next);
        }
    }

    const json::array& findings() const { return findings_; }
    const std::vector<std::string>& failures() const { return failures_; }

  private:
    struct Waiting {
        fs::path path;
        LintFormat format;
    };

    void read(const Waiting& file) {
        const auto text = read_text_file(file.path);
        if (!text)
            return failures_.push_back(text.error().text());
        const auto report = lint(*text, file.format, context_);
        if (!report)
            return failures_.push_back(fmt::format("{}:{}", file.path.string(), report.error().message));
        for (const auto& finding : report->findings)
            findings_.push_back(json::object{{"file", file.path.string()},
                                             {"line", finding.place.line},
                                             {"column", finding.place.column},
                                             {"rule", finding.rule},
                                             {"what", finding.what},
                                             {"why", finding.why},
                                             {"remedy", finding.remedy}});
        for (const auto& include : report->includes)
            waiting_.push_back({file.path.parent_path() / include, LintFormat::requirements});
    }

    const LintContext& context_;
    std::deque<Waiting> waiting_;
    std::set<fs::path> seen_;
    json::array findings_;
    std::vector<std::string> failures_;
};

std::string text(const json::value& value) {
    return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

void print(const json::array& findings) {
    for (const auto& each : findings) {
        const auto& finding = each.as_object();
        fmt::print("{}:{}:{}: {} [{}]\n    why: {}.\n    remedy: {}.\n", text(finding.at("file")),
                   text(finding.at("line")), text(finding.at("column")), text(finding.at("what")),
                   text(finding.at("rule")), text(finding.at("why")), text(finding.at("remedy")));
    }
}

} // namespace

int lint_files(const LintQuestion& question) {
    const auto& tables = embedded_tables();
    const auto match = question.machine.empty() ? Result<Machines::MatchPtr>(nullptr)
                                                : asked_machine(question.machine, question.overrides, tables);
    if (!match) {
        fmt::print(stderr, "yizhan: {}\n", match.error().text());
        return 2;
    }
    const LintContext context{.tables = tables, .match = match->get()};
    Linting linting(context);
    linting.run(question.files);
    if (question.json)
        fmt::print("{}\n", json::serialize(json::object{{"findings", linting.findings()}}));
    else
        print(linting.findings());
    for (const auto& failure : linting.failures())
        fmt::print(stderr, "yizhan: {}\n", failure);
    if (!linting.failures().empty())
        return 2;
    if (!question.json && linting.findings().empty())
        fmt::print("Nothing leads past the index.\n");
    return linting.findings().empty() ? 0 : 1;
}

} // namespace yizhan
