// The machines that URLs name: those of the settings by their name, others by a literal.
#pragma once

#include "config/settings.hpp"
#include "index/machine_match.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace yizhan {

/// Any thread.
class Machines {
  public:
    /// `tables` outlives it. A machine of the settings that cannot be is left out, with a line in the log; whoever
    /// starts a service has asked machines_of() before.
    Machines(const Settings& settings, const Tables& tables);

    using MatchPtr = std::shared_ptr<const MachineMatch>;

    /// The machine of that name or literal. Errors as parse_machine's: `invalid`, `not_found`.
    Result<MatchPtr> find(std::string_view text);

    /// The same where it was asked for lately; else null.
    MatchPtr find_at_once(std::string_view text) const;

    const Tables& tables() const { return tables_; }

  private:
    const Tables& tables_;
    std::map<std::string, Machine, std::less<>> named_;
    mutable std::shared_mutex mutex_;
    // A machine's tags take about 100 KB, and clients write literals as they like.
    static constexpr std::size_t most_known = 256;
    std::unordered_map<std::string, MatchPtr> known_;
};

} // namespace yizhan
