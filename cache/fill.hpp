// What is behind a Fill: the partial file, how much of it is written, and the room promised to it.
#pragma once

#include "cache/blob_files.hpp"
#include "cache/extents.hpp"
#include "cache/pieces.hpp"
#include "cache/space.hpp"
#include "cache/store.hpp"

#include <filesystem>
#include <memory>
#include <optional>

namespace yizhan {

struct Fill::State {
    static Result<std::unique_ptr<State>> begin(const BlobFiles& files, std::shared_ptr<Space> space,
                                                const Identity& identity, std::uint64_t size);
    State(BlobFiles::Partial partial, Reservation room);
    ~State(); ///< removes the partial unless it was placed or parked
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes, std::string_view source);
    Result<std::optional<Inherited>> take_over();
    std::uint64_t left_behind() const;
    bool park();
    std::vector<Piece> forget(std::string_view source);

    /// Why these bytes cannot become a blob: a write failed, or there are holes.
    Result<void> whole() const;

    /// Makes the bytes durable. After a failure this file's pages count as clean although they are not on disk, so
    /// trying again would succeed and mean nothing: the fill is spent.
    Result<void> sync();

    /// Starts write-back of everything written, and does not wait for it.
    void start_writeback();

    std::shared_ptr<const Blob::File> file;
    std::filesystem::path path;
    Reservation room;
    Extents extents;
    std::unique_ptr<Berth> berth;
    std::vector<Piece> inheritance; ///< noted by a former fill, not taken over yet; by offset, none over another
    PieceWriter pieces;
    std::size_t noted = 0;        ///< of the closed pieces
    std::uint64_t unflushed = 0;  ///< bytes written since write-back was started last
    std::optional<Error> failure; ///< the first one; sticky
    bool synced = false;          ///< durable as it stands
    bool placed = false;          ///< the partial has become a blob
    bool parked = false;          ///< the partial waits for somebody to go on with it

    Result<void> cut_off();

  private:
    void note_pieces();
};

} // namespace yizhan
