#include "config/health_schema.hpp"

#include "config/schema_row.hpp"

namespace yizhan {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using H = HealthSettings;
using G = SegmentSettings;

template <auto Group, auto Field, class T>
Setting of(std::string_view name, const Type<T>& type, std::string help, std::string reason) {
    return row<&Settings::relay, &Settings::Relay::health, Group, Field>(fmt::format("relay.{}", name), type,
                                                                         std::move(help), std::move(reason));
}

template <auto Field, class T>
Setting of_segments(std::string_view name, const Type<T>& type, std::string help, std::string reason) {
    return row<&Settings::relay, &Settings::Relay::segments, Field>(fmt::format("relay.segments.{}", name), type,
                                                                    std::move(help), std::move(reason));
}

} // namespace

std::vector<Setting> segment_schema() {
    return {
        of_segments<&G::from>("from", a_size(MiB, 1024 * GiB),
                              "Files from this size on are fetched in segments, from several mirrors at once.",
                              "Smaller ones are over before a second mirror is warm."),
        of_segments<&G::families>("families", a_number(2, 100),
                                  "So many independent mirrors must have it; else one alone brings it.", ""),
        of_segments<&G::first>("first", a_size(64 * KiB, GiB),
                               "A segment's length while nothing is known of a mirror's rate.", ""),
        of_segments<&G::least>("least", a_size(64 * KiB, GiB), "The shortest segment.",
                               "Below, each request's round trip shows."),
        of_segments<&G::most>("most", a_size(64 * KiB, 64 * GiB), "The longest segment.", "What one lie may cost."),
        of_segments<&G::time>("time", a_time(milliseconds(100), minutes(10)),
                              "How long a mirror is busy with one segment, by its rate.",
                              "A request every four seconds is polite."),
        of_segments<&G::window>("window", a_size(MiB, 1024 * GiB),
                                "How far ahead of the first missing byte segments are fetched.",
                                "What is ahead is hashed from the page cache later."),
        of_segments<&G::connections>("connections", a_number(1, 16), "Connections to one mirror for one file.",
                                     "Many limit a connection's rate, and few like more."),
        of_segments<&G::first_look>("first_look", a_time(milliseconds(0), minutes(1)),
                                    "How long the first byte waits for the ends of two mirrors' copies to be compared.",
                                    "A mirror with another file altogether is left out before anything leaves."),
    };
}

std::vector<Setting> health_schema() {
    return {
        of<&H::score, &H::Score::first_byte_tau>(
            "score.first_byte_tau", a_time(milliseconds(100), hours(1)),
            "How long a late first byte is held against an endpoint.",
            "Passes a burst by; a mirror that hiccuped is back within half a minute (Finagle)."),
        of<&H::score, &H::Score::rate_tau>("score.rate_tau", a_time(milliseconds(100), hours(24)),
                                           "How slowly the throughput that is expected of an endpoint moves.",
                                           "A minute outlasts TCP's ramps and one stop-and-go of a busy mirror."),
        of<&H::score, &H::Score::rate_least_weight>(
            "score.rate_least_weight", a_fraction(0, 1), "The least weight of one new sample of throughput.",
            "As in aria2: many short transfers in a second must say something."),
        of<&H::score, &H::Score::rate_least_bytes>("score.rate_least_bytes", a_size(0, GiB),
                                                   "What is shorter says nothing about throughput.",
                                                   "It arrives with the first packets."),
        of<&H::score, &H::Score::forget_tau>("score.forget_tau", a_time(milliseconds(100), hours(24 * 30)),
                                             "How fast what was learnt fades where there is no news.",
                                             "Nobody is judged by last week."),
        of<&H::score, &H::Score::prior_first_byte>("score.prior_first_byte", a_time(milliseconds(1), minutes(1)),
                                                   "The first byte expected of an endpoint that was never asked.",
                                                   "Better than most, so that it is asked soon."),
        of<&H::score, &H::Score::prior_rate>("score.prior_rate", a_rate(KiB, 100 * GiB),
                                             "The throughput expected of an endpoint that was never asked.",
                                             "Likewise."),
        of<&H::score, &H::Score::failure_cost>("score.failure_cost", a_time(milliseconds(0), minutes(1)),
                                               "A failure counts like a first byte as late as this.",
                                               "A refused connection is quick but brings nothing."),
        of<&H::breaker, &H::Breaker::faults_to_open>("breaker.faults_to_open", a_number(1, 1000),
                                                     "Faults in a row after which an endpoint rests.",
                                                     "One is a lost packet; Envoy takes five."),
        of<&H::breaker, &H::Breaker::fault_rest>("breaker.fault_rest", a_time(milliseconds(1), hours(24)),
                                                 "The first rest after faults; it doubles from one to the next.", ""),
        of<&H::breaker, &H::Breaker::fault_rest_cap>("breaker.fault_rest_cap", a_time(milliseconds(1), hours(24)),
                                                     "The longest rest after faults.", "Envoy's longest ejection."),
        of<&H::breaker, &H::Breaker::block_rest>(
            "breaker.block_rest", a_time(milliseconds(1), hours(24)), "The first rest after a block page; it doubles.",
            "Blocks come from people or their rules, and every knock may prolong them."),
        of<&H::breaker, &H::Breaker::block_rest_cap>("breaker.block_rest_cap", a_time(milliseconds(1), hours(24 * 7)),
                                                     "The longest rest after block pages.", ""),
        of<&H::breaker, &H::Breaker::busy_rest>("breaker.busy_rest", a_time(milliseconds(1), hours(24)),
                                                "The rest after a 429 that names no time.", ""),
        of<&H::breaker, &H::Breaker::busy_rest_cap>("breaker.busy_rest_cap", a_time(milliseconds(1), hours(24)),
                                                    "The longest Retry-After that is obeyed.",
                                                    "A day is a slip of the keyboard."),
        of<&H::breaker, &H::Breaker::foreign_page_rest>("breaker.foreign_page_rest", a_time(milliseconds(1), hours(24)),
                                                        "The rest after an HTML page in place of a file.",
                                                        "A challenge, or a portal."),
        of<&H::breaker, &H::Breaker::jitter>("breaker.jitter", a_fraction(0, 1),
                                             "The share of a rest that is left to chance.",
                                             "Many yizhans must not come back in one second."),
        of<&H::breaker, &H::Breaker::fault_clean>(
            "breaker.fault_clean", a_time(milliseconds(0), hours(24)),
            "After so long without a fault the rests begin from the shortest again.", ""),
        of<&H::breaker, &H::Breaker::block_clean>("breaker.block_clean", a_time(milliseconds(0), hours(24 * 7)),
                                                  "The same for blocks.", ""),
        of<&H::breaker, &H::Breaker::probe_bytes>("breaker.probe_bytes", a_size(1, GiB),
                                                  "A trial request that brought so much has passed.",
                                                  "Nobody waits for the end of a torch wheel."),
        of<&H::breaker, &H::Breaker::neighbour>("breaker.neighbour", a_time(milliseconds(0), hours(24)),
                                                "A 403 is about one file if another file passed within this time.",
                                                "Object stores answer so for files that they lack."),
        of<&H::breaker, &H::Breaker::block_pages_to_open>(
            "breaker.block_pages_to_open", a_number(1, 1000),
            "Block pages in a row that are a block although a neighbour passed.", ""),
        of<&H::breaker, &H::Breaker::forbidden_to_open>("breaker.forbidden_to_open", a_number(1, 1000),
                                                        "Bare 403s in a row that are a block.", ""),
        of<&H::cap, &H::ConnectionCap::start>("cap.start", a_number(1, 100),
                                              "Connections to one endpoint at once, for files.",
                                              "Manners, not measurement: librepo makes 3, zypp 5."),
        of<&H::cap, &H::ConnectionCap::start_gentle>("cap.start_gentle", a_number(1, 100),
                                                     "The same for universities' hosts.",
                                                     "Many count connections per address."),
        of<&H::cap, &H::ConnectionCap::recover>("cap.recover", a_time(milliseconds(1), hours(24)),
                                                "One connection more for each such time without a cut.", ""),
        of<&H::retry, &H::RetryBudget::share>("retry.share", a_fraction(0, 1),
                                              "Of an endpoint's requests, how many may be repetitions.",
                                              "Envoy's default."),
        of<&H::retry, &H::RetryBudget::floor_per_second>("retry.floor_per_second", a_fraction(0, 1000),
                                                         "But so many a second always.",
                                                         "A quiet proxy could never repeat anything."),
        of<&H::retry, &H::RetryBudget::most_earned>("retry.most_earned", a_fraction(0, 1'000'000),
                                                    "Repetitions that can be saved up.",
                                                    "An hour of good requests must not pay for a storm."),
        of<&H::retry, &H::RetryBudget::free_failovers>("retry.free_failovers", a_number(0, 100),
                                                       "Changes to another endpoint that cost nothing, per request.",
                                                       ""),
        of<&H::hedge, &H::Hedge::samples>("hedge.samples", a_number(1, 10'000),
                                          "First bytes that are remembered per endpoint and size class.", ""),
        of<&H::hedge, &H::Hedge::enough>("hedge.enough", a_number(1, 10'000), "Fewer say nothing about the quantile.",
                                         ""),
        of<&H::hedge, &H::Hedge::quantile>("hedge.quantile", a_fraction(0, 1),
                                           "A first byte later than this share of the last ones is late.",
                                           "The Tail at Scale: 5 % more requests, most of the tail gone."),
        of<&H::hedge, &H::Hedge::least>("hedge.least", a_time(milliseconds(0), minutes(1)),
                                        "Nobody is late before this.", "Ordinary jitter would be hedged."),
        of<&H::hedge, &H::Hedge::most>("hedge.most", a_time(milliseconds(1), minutes(1)),
                                       "Everybody is late after this.", ""),
        of<&H::hedge, &H::Hedge::unknown>("hedge.unknown", a_time(milliseconds(1), minutes(1)),
                                          "The same before there are enough samples.", ""),
        of<&H::hedge, &H::Hedge::in_flight>("hedge.in_flight", a_number(1, 10),
                                            "Endpoints at work for one file's first byte, the first included.", ""),
        of<&H::hedge, &H::Hedge::share>("hedge.share", a_fraction(0, 1),
                                        "Second requests as a share of all in the window.", ""),
        of<&H::hedge, &H::Hedge::floor>("hedge.floor", a_number(0, 1000), "But so many always.",
                                        "Ten requests a minute are a whole lab's."),
        of<&H::hedge, &H::Hedge::window>("hedge.window", a_time(milliseconds(100), hours(1)),
                                         "The window over which they are counted.", ""),
        of<&H::choice, &H::Choice::within>(
            "choice.within", a_fraction(0, 1000),
            "Mirrors within this factor of the best share the work; 0 is always the best one.",
            "Near equals share, nobody dogpiles (librepo)."),
        of<&H::choice, &H::Choice::explore>("choice.explore", a_fraction(0, 1),
                                            "The share of requests that try another one.",
                                            "How a recovered mirror is noticed."),
        of<&H::integrity, &H::Integrity::lies_to_expel>("integrity.lies_to_expel", a_number(1, 1000),
                                                        "Files with wrong bytes after which a mirror is left alone.",
                                                        "One may be a torn file, two are a broken mirror."),
        of<&H::integrity, &H::Integrity::window>("integrity.window", a_time(milliseconds(1), hours(24 * 365)),
                                                 "The time within which they count together.", ""),
        of<&H::integrity, &H::Integrity::rest>("integrity.rest", a_time(milliseconds(1), hours(24 * 365)),
                                               "How long it is left alone then.", ""),
        of<&H::negative, &H::NegativeCache::rest>("negative.rest", a_time(milliseconds(0), hours(24)),
                                                  "How long a mirror is not asked again for a file that it lacked.",
                                                  "It gains files with its next run, minutes to hours away."),
        of<&H::negative, &H::NegativeCache::most>("negative.most", a_number(1, 10'000'000),
                                                  "Such files that are remembered.", "10,000 take about 2 MB."),
        of<&H::stall, &H::Stall::window>("stall.window", a_time(milliseconds(100), minutes(10)),
                                         "The time over which a running answer's rate is taken.", ""),
        of<&H::stall, &H::Stall::least_rate>("stall.least_rate", a_rate(0, GiB),
                                             "An answer slower than this is left while somebody else is ready.",
                                             "aria2 gives up below 20 KiB/s, dnf below 1000 B/s."),
        of<&H::stall, &H::Stall::share_of_best>("stall.share_of_best", a_fraction(0, 1),
                                                "Or slower than this share of what the best other one brings.", ""),
        of<&H::redirects, &H::Redirects::in_row>(
            "redirects.in_row", a_number(1, 1000),
            "Answers from elsewhere after which an endpoint is taken for a signpost.", ""),
        of<&H::redirects, &H::Redirects::believed>("redirects.believed", a_time(milliseconds(0), hours(24)),
                                                   "How long that is believed.", ""),
        of<&H::redirects, &H::Redirects::most_endpoints>("redirects.most_endpoints", a_number(1, 100'000),
                                                         "Hosts met through redirects are kept up to so many in all.",
                                                         ""),
    };
}

} // namespace yizhan
