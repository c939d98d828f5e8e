// Reading machine literals, and guessing what a broken one meant.
#include "config/nearest.hpp"
#include "index/ascii.hpp"
#include "index/machine_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

namespace yizhan {
namespace {

constexpr std::size_t longest_gpu_name = 7; // words: "RTX PRO 6000 Blackwell Max-Q Workstation Edition" less the brand

using Words = std::vector<std::string_view>;

Words words_of(std::string_view literal) {
    Words out;
    while (true) {
        const auto dash = literal.find('-');
        out.push_back(literal.substr(0, dash));
        if (dash == std::string_view::npos)
            return out;
        literal.remove_prefix(dash + 1);
    }
}

/// "cp36", "cp313t"; not "3.6", so that a literal has one spelling.
std::optional<Interpreter> python_of(std::string_view word) {
    return word.starts_with("cp") ? read_python(word) : std::nullopt;
}

std::unexpected<Error> wrong(std::string_view word, std::string_view why) {
    return fail(Errc::invalid, fmt::format("\"{}\": {}", word.substr(0, 60), why));
}

Result<void> read_hardware(Machine& out, std::string_view word, const Tables& tables) {
    if (word == "cpu") {
        out.cpu = true;
        return {};
    }
    if (word.starts_with("cu")) {
        out.cuda = CudaVersion::parse_tag(word) ? read_cuda(word, tables) : std::nullopt;
        if (!out.cuda)
            return wrong(word, near_cuda(word, tables));
        return {};
    }
    if (!word.starts_with("driver"))
        return wrong(word, "a machine begins with cpu, its CUDA (cu102) or its driver (driver441.22)");
    out.driver = DriverVersion::parse(word.substr(6));
    if (!out.driver)
        return wrong(word, "expected a driver as nvidia-smi shows it, such as driver441.22");
    return {};
}

std::string joined(std::span<const std::string_view> words) {
    return fmt::format("{}", fmt::join(words, " "));
}

/// Takes the longest run of words that names a GPU; the error is that of the first word alone.
Result<std::size_t> read_gpu(Machine& out, std::span<const std::string_view> words, const Tables& tables) {
    if (words.front().starts_with("sm") && ComputeCapability::parse_sm(words.front())) {
        if (words.front().starts_with("sm_"))
            return wrong(words.front(), "is written without the underscore");
        if (auto added = add_machine_gpu(out, words.front(), tables); !added)
            return std::unexpected(std::move(added.error()));
        return 1;
    }
    for (auto length = std::min(words.size(), longest_gpu_name); length > 0; --length)
        if (const auto name = joined(words.first(length)); tables.find_gpu(name) != nullptr)
            if (add_machine_gpu(out, name, tables))
                return length;
    for (const std::string_view python : {"cp", "py", "pp"})
        if (words.front().starts_with(python))
            return wrong(words.front(), "expected a CPython such as cp36 or cp313t; there are no builds for others");
    return std::unexpected(tables.gpu(joined(words)).error());
}

Result<Machine> read_words(std::span<const std::string_view> words, const Tables& tables) {
    Machine out;
    const auto take_last = [&](std::string_view word) {
        const bool there = words.size() > 1 && words.back() == word;
        if (there)
            words = words.first(words.size() - 1);
        return there;
    };
    out.only = take_last("only");
    out.wsl2 = take_last("wsl2");
    if (words.size() < 2)
        return fail(Errc::invalid, "a machine has at least its hardware and its platform, such as cpu-win_amd64");
    const auto platform = canonical_platform(words.back());
    if (!platform)
        return wrong(words.back(), near_platform(words.back()));
    out.platform = *platform;
    words = words.first(words.size() - 1);
    if (words.size() > 1)
        out.python = python_of(words.back());
    if (out.python)
        words = words.first(words.size() - 1);
    if (auto read = read_hardware(out, words.front(), tables); !read)
        return std::unexpected(std::move(read.error()));
    words = words.subspan(1);
    if (!words.empty() && words.front().starts_with("cudnn")) {
        out.cudnn = read_two_numbers(words.front().substr(5));
        if (!out.cudnn)
            return wrong(words.front(), "expected a version such as cudnn7.6");
        words = words.subspan(1);
    }
    while (!words.empty()) {
        const auto taken = read_gpu(out, words, tables);
        if (!taken)
            return std::unexpected(taken.error());
        words = words.subspan(*taken);
    }
    return finish_machine(std::move(out), tables);
}

/// Builds of other vendors are not matched, but they are there.
std::optional<Error> elsewhere(std::span<const std::string_view> words) {
    for (const auto word : words) {
        const bool rocm = word.starts_with("rocm") || word.starts_with("gfx");
        if (!rocm && word != "xpu")
            continue;
        const bool tag = word == "xpu" || (word.starts_with("rocm") && word.size() > 4);
        return fail(Errc::not_found,
                    fmt::format(
                        "machines with {} are not matched; their builds stand under /pytorch/whl/{}: pip install "
                        "torch --index-url <this server>/pytorch/whl/{}",
                        rocm ? "ROCm" : "Intel GPUs (XPU)", tag ? fmt::format("{}/", word) : "rocm<version>/",
                        tag ? fmt::format("{}/", word) : "rocm<version>/ (/pytorch/whl/torch/ lists them all)"))
            .error();
    }
    return std::nullopt;
}

/// The parts of a literal in any order, as far as they can be guessed.
struct Guess {
    std::string hardware;
    std::string cudnn;
    std::vector<std::string> gpus;
    std::string python;
    std::string platform;
    bool wsl2 = false;
    bool only = false;

    std::string str() const {
        auto out = hardware.empty() ? "cpu" : hardware;
        for (const auto& part : {cudnn, fmt::format("{}", fmt::join(gpus, "-")), python, platform})
            if (!part.empty())
                out += '-' + part;
        return out + (wsl2 ? "-wsl2" : "") + (only ? "-only" : "");
    }
};

std::string without(std::string_view word, std::span<const std::string_view> prefixes) {
    for (const auto prefix : prefixes)
        if (word.starts_with(prefix))
            return std::string(word.substr(prefix.size()));
    return std::string(word);
}

bool guess_hardware(Guess& guess, std::string_view word, const Tables& tables) {
    if (!guess.hardware.empty())
        return false;
    constexpr std::array<std::string_view, 3> cuda_prefixes{"cuda_", "cuda", "cu"};
    constexpr std::array<std::string_view, 4> driver_prefixes{"driver_", "driver", "nvidia_", "nvidia"};
    if (word == "cpu" || word == "cpuonly")
        guess.hardware = "cpu";
    else if (word.starts_with("cu") && !word.starts_with("cudnn")) {
        const auto number = without(word, cuda_prefixes);
        auto cuda = read_cuda("cu" + number, tables);
        if (!cuda)
            cuda = read_cuda(number, tables);
        std::vector<std::string> known;
        for (const auto& row : tables.toolkits)
            known.push_back(row.cuda.tag());
        const auto same_start = std::ranges::find_if(
            known.rbegin(), known.rend(), [&](const std::string& tag) { return tag.starts_with("cu" + number); });
        if (cuda)
            guess.hardware = cuda->tag();
        else if (number.size() > 1 && same_start != known.rend())
            guess.hardware = *same_start;
        else
            guess.hardware = nearest("cu" + number, known).value_or("");
    } else if (const auto number = without(word, driver_prefixes);
               number != word || number.find('.') != std::string::npos) { // a bare 3090 is no driver
        if (const auto driver = DriverVersion::parse(number); driver && driver->branch() >= 100)
            guess.hardware = "driver" + driver->str();
    }
    return !guess.hardware.empty();
}

bool guess_python(Guess& guess, std::string_view word) {
    constexpr std::array<std::string_view, 4> prefixes{"cpython", "python", "cp", "py"};
    const auto number = without(word, prefixes);
    auto python = read_python(number);
    if (!python && number != word)
        python = read_python("cp" + number);
    if (!guess.python.empty() || !python)
        return false;
    guess.python = python->tag() + (python->free_threaded ? "t" : "");
    return true;
}

bool guess_gpu(Guess& guess, std::string_view word, const Tables& tables) {
    constexpr std::array<std::string_view, 4> prefixes{"sm_", "sm", "cc", "compute_"};
    const auto number = without(word, prefixes);
    auto capability = ComputeCapability::parse(number);
    if (!capability && number != word)
        capability = ComputeCapability::parse_sm("sm" + number);
    if (!capability)
        return false;
    const auto near = tables.capability(*capability) ? capability : near_capability(*capability, tables);
    if (near)
        guess.gpus.push_back(near->sm());
    return near.has_value();
}

/// How many words name a GPU, perhaps misspelled.
std::size_t guess_gpu_name(Guess& guess, std::span<const std::string_view> words, const Tables& tables) {
    for (auto length = std::min(words.size(), longest_gpu_name); length > 0; --length)
        if (const auto* const found = tables.find_gpu(joined(words.first(length)))) {
            guess.gpus.push_back(found->capability.sm());
            return length;
        }
    return 0;
}

bool guess_flag(Guess& guess, std::string_view word) {
    const std::array<std::string, 2> flags{"only", "wsl2"};
    const auto near = word == "wsl" ? std::optional<std::string>("wsl2") : nearest(word, flags);
    guess.only = guess.only || near == "only";
    guess.wsl2 = guess.wsl2 || near == "wsl2";
    return near.has_value();
}

} // namespace

std::optional<std::string> repaired_machine(std::string_view literal, const Tables& tables) {
    const auto lower = ascii::lowered(literal);
    const auto words = words_of(lower);
    Guess guess;
    for (std::size_t i = 0; i < words.size();) {
        const auto word = words[i];
        std::size_t taken = 1;
        if (word.empty() || word == "driver" || word == "cuda") { // "driver-441.22"
        } else if (const auto platform = canonical_platform(word)) {
            guess.platform = *platform;
        } else if (word.starts_with("cudnn") && read_two_numbers(word.substr(5))) {
            guess.cudnn = word;
        } else if (!guess_hardware(guess, word, tables) && !guess_python(guess, word) &&
                   !guess_gpu(guess, word, tables)) {
            taken = guess_gpu_name(guess, std::span(words).subspan(i), tables);
            const auto meant = taken == 0 ? meant_platform(word) : std::nullopt;
            if (meant && guess.platform.empty())
                guess.platform = *meant;
            else if (taken == 0 && !guess_flag(guess, word))
                return std::nullopt;
            taken = std::max<std::size_t>(taken, 1);
        }
        i += taken;
    }
    const auto text = guess.str();
    const auto machine = read_words(words_of(text), tables);
    return machine ? std::optional(machine->str()) : std::nullopt;
}

Result<Machine> parse_machine(std::string_view literal, const Tables& tables) {
    if (literal.empty() || literal.size() > Machine::longest_literal)
        return fail(Errc::invalid, "a machine is written like driver441.22-sm50-cp36-win_amd64, in at most 200 bytes");
    const auto words = words_of(literal);
    if (auto other = elsewhere(words))
        return std::unexpected(std::move(*other));
    auto out = read_words(words, tables);
    if (out)
        return out;
    const auto near = repaired_machine(literal, tables);
    const auto& why = out.error().message;
    if (near && *near != literal)
        return fail(Errc::invalid, fmt::format("\"{}\" is no machine: {}; the nearest that is one: {}",
                                               literal.substr(0, 100), why, *near));
    return fail(Errc::invalid, fmt::format("\"{}\" is no machine: {}; machines are written like "
                                           "driver441.22-sm50-cp36-win_amd64, cu102-cp36-win_amd64 or "
                                           "cpu-cp311-manylinux_2_28_x86_64",
                                           literal.substr(0, 100), why));
}

} // namespace yizhan
