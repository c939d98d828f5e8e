// Who may have lied: where several endpoints sent parts of an object that turned out wrong, the checksums of their
// parts are kept until the right bytes are here, which tell the guilty from the innocent. And where
// independent mirrors all send the same "wrong" bytes, nobody is guilty but the index. Relay thread only.
#pragma once

#include "cache/pieces.hpp"
#include "cache/store.hpp"
#include "proxy/relay/health/negative_cache.hpp"

#include <map>
#include <string>
#include <vector>

namespace yizhan {

class Suspects {
  public:
    /// `who` of `family` sent an object that is not what the index says, but this. Returns who of other families sent
    /// the very same: then it is the index that is wrong, or was tampered with.
    std::vector<EndpointId> same_as(const PathKey& path, const Sha256& sent, EndpointId who,
                                    const std::string& family) {
        if (sent_.size() >= most && !sent_.contains(path))
            sent_.erase(sent_.begin());
        auto& claims = sent_[path];
        std::vector<EndpointId> others;
        for (const auto& claim : claims)
            if (claim.digest == sent && claim.family != family)
                others.push_back(claim.who);
        claims.push_back({sent, who, family});
        if (claims.size() > 32)
            claims.erase(claims.begin());
        return others;
    }

    void add(const PathKey& path, std::vector<Piece> pieces) {
        if (open_.size() >= most && !open_.contains(path))
            open_.erase(open_.begin()); // some case stays unsolved: its liar will lie again
        open_[path] = std::move(pieces);
    }

    /// The right bytes are here: who sent others for this object before did lie, however many agreed.
    std::vector<EndpointId> liars(const PathKey& path) {
        std::vector<EndpointId> out;
        if (auto node = sent_.extract(path); !node.empty())
            for (const auto& claim : node.mapped())
                out.push_back(claim.who);
        return out;
    }

    /// The pieces of an open case, which is closed by this.
    std::vector<Piece> take(const PathKey& path) {
        auto node = open_.extract(path);
        return node.empty() ? std::vector<Piece>{} : std::move(node.mapped());
    }

  private:
    struct Claim {
        Sha256 digest;
        EndpointId who;
        std::string family;
    };
    static constexpr std::size_t most = 1000;
    std::map<PathKey, std::vector<Claim>> sent_;
    std::map<PathKey, std::vector<Piece>> open_;
};

} // namespace yizhan
