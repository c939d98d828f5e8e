#include "index/project_page.hpp"

#include <algorithm>

namespace yizhan {

std::optional<Sha256> ProjectFile::sha256() const {
    const auto found =
        std::ranges::find(hashes, "sha256", [](const auto& hash) { return std::string_view(hash.first); });
    return found == hashes.end() ? std::nullopt : Sha256::from_hex(found->second);
}

} // namespace yizhan
