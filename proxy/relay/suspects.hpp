// Who may have lied: where several endpoints sent parts of an object that turned out wrong, the checksums of their
// parts are kept until the right bytes are here, which tell the guilty from the innocent. Relay thread only.
#pragma once

#include "cache/pieces.hpp"
#include "cache/store.hpp"

#include <map>
#include <vector>

namespace yizhan {

class Suspects {
  public:
    void add(const PathKey& path, std::vector<Piece> pieces) {
        if (open_.size() >= most && !open_.contains(path))
            open_.erase(open_.begin()); // some case stays unsolved: its liar will lie again
        open_[path] = std::move(pieces);
    }

    /// The pieces of an open case, which is closed by this.
    std::vector<Piece> take(const PathKey& path) {
        auto node = open_.extract(path);
        return node.empty() ? std::vector<Piece>{} : std::move(node.mapped());
    }

  private:
    static constexpr std::size_t most = 1000;
    std::map<PathKey, std::vector<Piece>> open_;
};

} // namespace yizhan
