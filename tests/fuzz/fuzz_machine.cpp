// Machines as URLs, people, programs and the kernel write them; and dates. The first byte chooses, the rest is the
// text.
#include "index/date_time.hpp"
#include "index/machine_detect.hpp"
#include "index/machine_meaning.hpp"
#include "index/page_before.hpp"
#include "tests/fuzz/require.hpp"

using namespace yizhan;

namespace {

void check_literal(std::string_view text) {
    const auto machine = parse_machine(text, embedded_tables());
    if (!machine)
        return fuzz::require(machine.error().message.size() < 2000, "an error is a sentence");
    const auto literal = machine->str();
    const auto again = parse_machine(literal, embedded_tables());
    fuzz::require(again.has_value(), "a canonical literal is a machine");
    fuzz::require_equal(again->str(), literal, "a canonical literal is its own");
}

void check_meaning(std::string_view text) {
    const auto machine = parse_machine(text, embedded_tables());
    if (!machine)
        return;
    const auto meaning = meaning_of(*machine, embedded_tables());
    fuzz::require(meaning && !meaning->platforms.empty(), "a machine has a meaning");
}

/// What the programs and files say stands behind each other, a NUL between.
void check_detection(std::string_view text) {
    const auto next = [&text] {
        const auto end = std::min(text.find('\0'), text.size());
        std::string out(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        return out;
    };
    MachineEvidence evidence;
    evidence.processor = "x86_64";
    evidence.smi = next();
    evidence.smi_found = !evidence.smi.empty();
    evidence.smi_with_capability = evidence.smi.size() % 2 == 0;
    evidence.python = next();
    evidence.proc_driver = next();
    evidence.module_version = next();
    evidence.kernel = next();
    evidence.libc = next();
    evidence.proc_gpus = {next(), next()};
    const auto detected = detect_machine(evidence, embedded_tables());
    if (!detected)
        return fuzz::require(!detected.error().message.empty(), "an error says what is wrong");
    const auto again = parse_machine(detected->machine.str(), embedded_tables());
    fuzz::require(again && *again == detected->machine, "what is detected is a literal");
}

void check_date(std::string_view text) {
    const auto moment = parse_date_time(text);
    constexpr UnixTime first = -62'167'305'600; // a day before the year 0 began
    constexpr UnixTime last = 253'402'387'200;  // a day after 9999 ended
    fuzz::require(!moment || (*moment >= first && *moment <= last), "a moment has a year of four digits");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const auto text = fuzz::text(data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        check_literal(text);
        break;
    case 1:
        check_meaning(text);
        break;
    case 2:
        check_detection(text);
        break;
    default:
        check_date(text);
    }
    return 0;
}
