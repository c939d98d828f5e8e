// The URLs in lock files (uv.lock, pylock.toml, poetry.lock, pdm.lock, requirements with URLs), moved between the
// addresses that the whole world knows and those of a lab's yizhan. Only the beginnings of URLs change: hashes, paths,
// order and white space stay, and the way back gives the same bytes. Pure; any thread.
#pragma once

#include "config/catalogue.hpp"
#include "index/text_place.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// One index or store of files: where everybody finds it, and where yizhan has it.
struct LockAddress {
    std::string canonical;  ///< "https://…/packages", without a last slash
    std::string lab_path;   ///< "/pypi/packages"
    bool reversible = true; ///< false: a mirror; from the lab its URLs come back as the root's
};

/// Of PyPI and PyTorch: the roots first, then every other address that the catalogue knows.
std::vector<LockAddress> lock_addresses(std::span<const Mirror> mirrors);

enum class LockTarget : std::uint8_t { lab, canonical };

struct LockChange {
    LockTarget target = LockTarget::lab;
    std::string lab; ///< "http://lab:8080", without a last slash
    /// Whether URLs of mirrors become the lab's too; they come back as the root's.
    bool mirrors = false;
};

/// URLs that were left as they are, by what stands before their path.
struct LeftUrls {
    std::string origin; ///< "https://github.com"
    std::string reason; ///< a sentence without a full stop
    std::size_t count = 0;
    TextPlace first;
};

struct RewrittenLock {
    std::string text;
    std::size_t rewritten = 0;  ///< URLs that changed
    std::size_t there = 0;      ///< URLs that were at their target before: the way back would move them too
    std::vector<LeftUrls> left; ///< at most 100, in the file's order
};

RewrittenLock rewrite_lock(std::string_view text, const LockChange& change, std::span<const LockAddress> addresses);

} // namespace yizhan
