// Which torch a partner's releases are built for, where the tables do not know it: read out of METADATA, which the
// store keeps, and remembered.
#pragma once

#include "index/partner_pairs.hpp"
#include "index/unpaired_wheels.hpp"
#include "proxy/relay/relay.hpp"
#include "proxy/routes/attempts.hpp"
#include "proxy/routes/index_files.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace yizhan {

/// Any thread. Jobs run on the relay's thread, each release once at a time.
class PartnerTorch {
  public:
    /// All outlive it, and jobs end with the relay.
    PartnerTorch(Relay& relay, IndexFiles& pypi, IndexFiles& pytorch) : relay_(relay), pypi_(pypi), pytorch_(pytorch) {}

    using PairsPtr = std::shared_ptr<const PartnerPairs>;
    /// What is known of a partner by now; never null. It only grows, so its size tells two states of it apart.
    PairsPtr known(const std::string& project) const;

    /// Begins to read what is not known of these releases, as far as that was not tried lately. What is under way now,
    /// for wait(): also what others have begun.
    std::vector<std::string> begin(const std::string& project, const std::vector<UnpairedWheel>& wheels);

    /// Waits until what begin() has named was read, but no longer than `patience`. True where there was anything to
    /// wait for: it may be known now.
    Task<bool> wait(std::vector<std::string> reading, std::chrono::milliseconds patience);

  private:
    Task<void> read(std::string key, std::string project, std::string release, LocatedFile wheel);
    void keep(const std::string& project, const std::string& release, const std::string& torch);

    Relay& relay_;
    IndexFiles& pypi_;
    IndexFiles& pytorch_;
    Attempts attempts_;
    mutable std::mutex mutex_;
    std::map<std::string, PairsPtr> known_; // by project; bounded
};

} // namespace yizhan
