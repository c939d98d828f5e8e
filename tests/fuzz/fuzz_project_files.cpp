// Files of people's projects: lint over every format, and URLs of lock files moved to a lab and back. The first byte
// chooses, the rest is the file.
#include "index/ini_file.hpp"
#include "index/lint.hpp"
#include "index/lock_urls.hpp"
#include "index/requirements_file.hpp"
#include "tests/fuzz/require.hpp"

using namespace yizhan;

namespace {

void check_places(std::string_view file) {
    for (const auto& entry : read_requirements(file)) {
        fuzz::require(entry.offset < file.size(), "an entry stands in the file");
        parse_requirement(entry.value);
    }
    for (const auto& word : read_ini(file))
        fuzz::require(file.substr(word.offset).starts_with(word.text), "a word stands where it is said to");
}

void check_lint(std::string_view file, LintFormat format) {
    static const auto match =
        *MachineMatch::of(*parse_machine("driver441.22-sm50-cp36-win_amd64", embedded_tables()), embedded_tables());
    const LintContext context{.tables = embedded_tables(), .match = &match};
    const auto report = lint(file, format, context);
    if (!report)
        return fuzz::require(!report.error().message.empty(), "an error says what is wrong");
    const TextLines lines(file);
    fuzz::require(report->findings.size() <= 1000, "findings are bounded");
    for (const auto& finding : report->findings) {
        fuzz::require(!finding.why.empty() && !finding.remedy.empty(), "a finding says why and what to do");
        fuzz::require(finding.place.line >= 1 && finding.place.column >= 1 &&
                          finding.place.line <= lines.place(file.size()).line,
                      "a finding stands in the file");
    }
}

void check_lock(std::string_view file) {
    static const auto addresses = lock_addresses(catalogue());
    const LockChange to_lab{.target = LockTarget::lab, .lab = "http://lab:8080", .mirrors = false};
    const LockChange back{.target = LockTarget::canonical, .lab = "http://lab:8080", .mirrors = false};
    const auto moved = rewrite_lock(file, to_lab, addresses);
    if (moved.there > 0)
        return; // the way back moves those too
    fuzz::require_equal(rewrite_lock(moved.text, back, addresses).text, file, "the way back gives the same bytes");
    fuzz::require(rewrite_lock(moved.text, to_lab, addresses).rewritten == 0, "what is there stays");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const auto file = fuzz::text(data + 1, size - 1);
    constexpr std::uint8_t formats = 5;
    switch (const auto choice = data[0] % (formats + 2)) {
    case formats:
        check_places(file);
        break;
    case formats + 1:
        check_lock(file);
        break;
    default:
        check_lint(file, static_cast<LintFormat>(choice));
    }
    return 0;
}
