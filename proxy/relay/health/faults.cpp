#include "proxy/relay/health/faults.hpp"

#include <cstddef>

namespace yizhan {
namespace {

struct Row {
    Symptom symptom;
    std::string_view name;
    Effects effects;
};

using B = Effects::Breaker;
using C = Effects::Cap;

// A mirror that answers 404 in good time works. One that is merely slow is left by its score, not shut: its breaker
// hears of silence only. 403 stands here as being about one object; Endpoint decides when it is about us.
constexpr std::array<Row, symptom_count> rows{{
    {Symptom::lacks, "lacks it", {Blame::object, false, B::passes, C::none, true, false}},
    {Symptom::wrong_size, "wrong size", {Blame::object, false, B::passes, C::none, true, false}},
    {Symptom::forbidden, "forbidden", {Blame::object, false, B::none, C::none, true, false}},
    {Symptom::block_page, "block page", {Blame::object, false, B::none, C::none, true, false}},
    {Symptom::too_many, "too many requests", {Blame::policy, false, B::busy, C::halve, false, false}},
    {Symptom::busy, "busy", {Blame::mirror, true, B::fault, C::halve, false, false}},
    {Symptom::foreign_page, "foreign page", {Blame::policy, true, B::foreign_page, C::none, true, false}},
    {Symptom::unreachable, "unreachable", {Blame::mirror, true, B::fault, C::none, false, false}},
    {Symptom::reset, "reset", {Blame::mirror, true, B::fault, C::halve_if_others_flow, false, false}},
    {Symptom::silence, "silence", {Blame::mirror, true, B::fault, C::none, false, false}},
    {Symptom::slow, "slow", {Blame::mirror, true, B::none, C::none, false, false}},
    {Symptom::server_error, "server error", {Blame::mirror, true, B::fault, C::none, false, false}},
    {Symptom::protocol, "protocol error", {Blame::mirror, true, B::fault, C::none, false, false}},
    {Symptom::wrong_bytes, "wrong bytes", {Blame::integrity, true, B::none, C::none, true, true}},
    {Symptom::no_ranges, "no ranges", {Blame::object, false, B::passes, C::none, false, false}},
    {Symptom::not_now, "not now", {Blame::object, false, B::passes, C::none, false, false}},
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (static_cast<std::size_t>(rows[i].symptom) != i)
            return false;
    return true;
}
static_assert(in_order(), "the table is indexed by the symptom");

} // namespace

const Effects& effects_of(Symptom symptom) {
    return rows[static_cast<std::size_t>(symptom)].effects;
}

std::string_view name(Symptom symptom) {
    return rows[static_cast<std::size_t>(symptom)].name;
}

std::string_view name(Blame blame) {
    constexpr std::array<std::string_view, blame_count> names{"object", "mirror", "policy", "integrity"};
    return names[static_cast<std::size_t>(blame)];
}

std::optional<Symptom> symptom_of_status(unsigned status, bool html) {
    switch (status) {
    case 401:
    case 403:
        return html ? Symptom::block_page : Symptom::forbidden;
    case 404:
    case 410:
    case 451: // the law forbids this object here (RFC 7725), not us
        return Symptom::lacks;
    case 429:
        return Symptom::too_many;
    case 503:
        return Symptom::busy;
    default:
        break;
    }
    if (status < 400)
        return std::nullopt;
    // 405 is how one mirror refuses clients by their name (facts 2.10); whatever else 4xx says, we asked in good order.
    return status >= 500 && status < 600 ? Symptom::server_error : Symptom::protocol;
}

} // namespace yizhan
