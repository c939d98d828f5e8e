#include "proxy/relay/health/learnt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <utility>

namespace yizhan {
namespace {

constexpr std::string_view magic = "yizhan-endpoint 1 ";
constexpr std::size_t longest_text = 4096;
constexpr std::size_t most_kinds = 16; // the relay has a handful
constexpr std::size_t most_lies = 16;
constexpr std::size_t longest_kind = 64;
constexpr std::int64_t stale_after = std::int64_t{7} * 86'400; // seconds; everything but a lie has faded long before
constexpr std::uint64_t longest_ms = 1000ull * stale_after;
// Openings, and so doublings, beyond these are at the cap anyway.
constexpr std::uint64_t most_openings = 1000;
constexpr double most_rate = 1e12; // bytes per second: beyond any network card

std::uint64_t count(Seconds duration, double per_second) {
    const auto most = static_cast<double>(stale_after) * per_second;
    return static_cast<std::uint64_t>(std::llround(std::clamp(duration.count() * per_second, 0.0, most)));
}

bool is_keepable(std::string_view kind) {
    return !kind.empty() && kind.size() <= longest_kind &&
           std::ranges::all_of(kind, [](char c) { return c >= ' ' && c <= '~'; });
}

// One line's words; after the first that does not fit, `ok` is false and numbers are 0.
class Words {
  public:
    explicit Words(std::string_view line) : rest_(line) {}

    std::string_view word() {
        const auto end = std::min(rest_.find(' '), rest_.size());
        const auto out = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return out;
    }
    std::string_view remainder() { return std::exchange(rest_, {}); }

    template <std::integral T>
    T number(T most, int base = 10) {
        const auto text = word();
        T value{};
        const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, base);
        ok_ = ok_ && ec == std::errc{} && end == text.data() + text.size() && value >= 0 && value <= most;
        return ok_ ? value : T{};
    }
    bool done() const { return ok_ && rest_.empty(); }

  private:
    std::string_view rest_;
    bool ok_ = true;
};

struct Decoder {
    LearntEndpoint out;
    Seconds passed{0};

    bool line(std::string_view text) {
        Words words(text);
        const auto what = words.word();
        if (what == "first")
            return first(words);
        if (what == "rate")
            return rate(words);
        if (what == "rest")
            return rest(words);
        if (what == "cap") {
            out.cap = words.number<unsigned>(1000);
            return words.done();
        }
        return what == "lie" && lie(words);
    }

    Score::Learnt& score(Words& words) { return out.scores[words.number<unsigned>(size_class_count - 1)]; }

    bool first(Words& words) {
        auto& score = this->score(words);
        score.first_byte_known = true;
        score.peak = std::chrono::microseconds(words.number<std::int64_t>(longest_ms * 1000));
        score.usual = std::chrono::microseconds(words.number<std::int64_t>(longest_ms * 1000));
        score.first_byte_age = passed + std::chrono::milliseconds(words.number<std::int64_t>(longest_ms));
        return words.done();
    }

    bool rate(Words& words) {
        auto& score = this->score(words);
        score.rate_known = true;
        score.bytes_per_second =
            static_cast<double>(words.number<std::uint64_t>(static_cast<std::uint64_t>(most_rate)));
        score.rate_age = passed + std::chrono::milliseconds(words.number<std::int64_t>(longest_ms));
        return words.done();
    }

    bool rest(Words& words) {
        Breaker::Learnt breaker;
        breaker.cause = static_cast<RestCause>(words.number<unsigned>(rest_cause_count - 1));
        breaker.opened = words.number<unsigned>(1) == 1;
        breaker.left = std::chrono::milliseconds(words.number<std::int64_t>(longest_ms));
        breaker.left = std::max(breaker.left - passed, Seconds(0));
        breaker.fault_openings = words.number<unsigned>(most_openings);
        breaker.block_openings = words.number<unsigned>(most_openings);
        const auto kind = words.remainder();
        if (!words.done() || !is_keepable(kind) || out.kinds.size() >= most_kinds)
            return false;
        out.kinds.push_back({std::string(kind), breaker});
        return true;
    }

    bool lie(Words& words) {
        LearntEndpoint::Lie lie;
        lie.object = words.number<std::uint64_t>(UINT64_MAX, 16);
        lie.age = passed + std::chrono::seconds(words.number<std::int64_t>(stale_after));
        out.lies.push_back(lie);
        return words.done() && out.lies.size() <= most_lies;
    }
};

} // namespace

std::string encode_learnt(const LearntEndpoint& learnt, std::int64_t wall) {
    auto out = fmt::format("{}{}\n", magic, std::max<std::int64_t>(wall, 0));
    for (std::size_t i = 0; i < size_class_count; ++i) {
        const auto& score = learnt.scores[i];
        if (score.first_byte_known)
            out += fmt::format("first {} {} {} {}\n", i, count(score.peak, 1e6), count(score.usual, 1e6),
                               count(score.first_byte_age, 1e3));
        if (score.rate_known)
            out += fmt::format("rate {} {} {}\n", i,
                               static_cast<std::uint64_t>(std::clamp(score.bytes_per_second, 0.0, most_rate)),
                               count(score.rate_age, 1e3));
    }
    std::size_t kinds = 0;
    for (const auto& kind : learnt.kinds) {
        const auto& breaker = kind.breaker;
        const bool news = breaker.opened || breaker.fault_openings > 0 || breaker.block_openings > 0;
        if (!news || !is_keepable(kind.name) || kinds++ >= most_kinds)
            continue;
        out += fmt::format("rest {} {:d} {} {} {} {}\n", static_cast<unsigned>(breaker.cause), breaker.opened,
                           count(breaker.left, 1e3), std::min<std::uint64_t>(breaker.fault_openings, most_openings),
                           std::min<std::uint64_t>(breaker.block_openings, most_openings), kind.name);
    }
    if (learnt.cap > 0)
        out += fmt::format("cap {}\n", learnt.cap);
    for (std::size_t i = 0; i < std::min(learnt.lies.size(), most_lies); ++i)
        out += fmt::format("lie {:x} {}\n", learnt.lies[i].object, count(learnt.lies[i].age, 1));
    return out;
}

Result<std::optional<LearntEndpoint>> decode_learnt(std::string_view text, std::int64_t wall) {
    const auto broken = [] {
        return fail(Errc::corrupt, "what was learnt of an endpoint cannot be read; it is learnt anew");
    };
    if (text.size() > longest_text || !text.starts_with(magic) || !text.ends_with('\n'))
        return broken();
    const auto head_end = text.find('\n');
    Words head(text.substr(magic.size(), head_end - magic.size()));
    const auto written = head.number<std::int64_t>(INT64_MAX);
    if (!head.done())
        return broken();
    if (wall < written || wall - written > stale_after)
        return std::optional<LearntEndpoint>{};
    Decoder decoder{.out = {}, .passed = std::chrono::seconds(wall - written)};
    for (auto rest = text.substr(head_end + 1); !rest.empty();) {
        const auto end = rest.find('\n');
        if (!decoder.line(rest.substr(0, end)))
            return broken();
        rest.remove_prefix(end + 1);
    }
    return std::optional(std::move(decoder.out));
}

} // namespace yizhan
