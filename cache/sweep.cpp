#include "cache/sweep.hpp"

#include "cache/changes.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <optional>
#include <string>
#include <vector>

namespace yizhan {
namespace {

constexpr std::size_t read_size = 1024 * 1024;

/// Null when reading failed or was stopped.
std::optional<Sha256> digest_of(const Blob::File& file, const std::stop_token& stop) {
    StreamHasher hasher{Identity{}};
    std::vector<std::byte> buffer(read_size);
    for (std::uint64_t at = 0; at < file.size;) {
        const auto count = pread(file.descriptor.get(), buffer.data(), buffer.size(), static_cast<off_t>(at));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0 || stop.stop_requested())
            return std::nullopt;
        hasher.update(std::span(buffer).first(static_cast<std::size_t>(count)));
        at += static_cast<std::uint64_t>(count);
    }
    return hasher.finish().sha256;
}

Operation operation(Operation::Kind kind, const Sha256& digest, std::uint64_t size) {
    Operation out;
    out.kind = kind;
    out.digest = digest;
    out.size = size;
    return out;
}

/// The digests, in order, of rows that `folder` should have a file for.
Result<std::vector<Sha256>> rows(const Catalog& catalog, unsigned folder) {
    std::vector<Sha256> out;
    const char prefix = static_cast<char>(folder);
    auto scanned =
        catalog.scan(Family::blobs, std::string_view(&prefix, 1), [&](std::string_view key, std::string_view) {
            if (key.size() == Sha256::size)
                std::memcpy(out.emplace_back().bytes.data(), key.data(), Sha256::size);
            return true;
        });
    if (!scanned)
        return std::unexpected(scanned.error());
    return out;
}

} // namespace

Sweep::Sweep(const Catalog& catalog, const BlobFiles& files, Committer& committer, Work work)
    : catalog_(catalog), files_(files), committer_(committer),
      thread_([this, work](const std::stop_token& stop) { run(work, stop); }) {}

Sweep::~Sweep() = default;

void Sweep::wait() {
    if (thread_.joinable())
        thread_.join();
}

void Sweep::run(Work work, const std::stop_token& stop) {
    if (work.compare) {
        const auto compared = compare_all(stop);
        if (!compared)
            spdlog::warn("{}; the blobs are compared with the catalog again at the next start",
                         compared.error().message);
        else if (!stop.stop_requested())
            committer_.swept();
    }
    if (!work.add_up || stop.stop_requested())
        return;
    if (const auto checked = check_totals(catalog_); !checked && checked.error().code == Errc::corrupt)
        catalog_.mark_damaged(checked.error().message);
}

Result<void> Sweep::compare_all(const std::stop_token& stop) {
    for (unsigned folder = 0; folder < BlobFiles::folders && !stop.stop_requested(); ++folder)
        if (auto compared = compare(folder, stop); !compared)
            return compared;
    return {};
}

Result<void> Sweep::compare(unsigned folder, const std::stop_token& stop) {
    // Files first: a blob that is committed between the two readings then looks gone, which costs the committer a
    // second look; the other way round it would look like an orphan and be read whole.
    const auto listed = files_.list(folder);
    if (!listed)
        return std::unexpected(listed.error());
    const auto known = rows(catalog_, folder);
    if (!known)
        return std::unexpected(known.error());
    const auto by_digest = [](const BlobFiles::Listed& one) { return one.digest; };
    for (const auto& digest : *known)
        if (!std::ranges::binary_search(*listed, digest, {}, by_digest))
            committer_.push(operation(Operation::Kind::forget, digest, 0));
    for (const auto& file : *listed)
        if (!std::ranges::binary_search(*known, file.digest) && !stop.stop_requested())
            judge(file, stop);
    return {};
}

void Sweep::judge(const BlobFiles::Listed& orphan, const std::stop_token& stop) {
    const auto row = catalog_.get(Family::blobs, key_of(orphan.digest));
    const auto file = files_.open(orphan.digest, orphan.size);
    if (!row || *row || !file)
        return;
    const auto digest = digest_of(**file, stop);
    if (!digest)
        return;
    const bool right = *digest == orphan.digest;
    committer_.push(operation(right ? Operation::Kind::adopt : Operation::Kind::discard, orphan.digest, orphan.size));
}

} // namespace yizhan
