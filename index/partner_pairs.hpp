// Which torch a partner's release is built for, as its own METADATA says it (facts: pytorch, 7.4.4): for releases that
// came after the tables were written.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace yizhan {

/// Of one partner: its release → the release of torch, both spelled as the tables do ("2.11.0"). Nothing in place of
/// the latter: its METADATA was read and ties it to none.
using PartnerPairs = std::map<std::string, std::string, std::less<>>;

/// The one final release of torch that this METADATA requires ("Requires-Dist: torch==2.11.0"), with at least three
/// numbers. nullopt for anything else: a range, "==2.11.*", a pre-release, or lines that differ by their markers.
/// What only an extra requires does not count.
std::optional<std::string> required_torch(std::string_view metadata);

} // namespace yizhan
