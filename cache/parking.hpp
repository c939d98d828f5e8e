// Partials that outlive their transfer, and the process: partial/<name>.part with the bytes, <name>.pieces beside it.
// Named by what identifies the object, so that whoever asks for it again finds them. One process owns the folder.
#pragma once

#include "cache/pieces.hpp"
#include "config/digest.hpp"
#include "config/error.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace yizhan {

class Parking;

/// The one holder of a name. Gives it back when destroyed; the files stay unless removed. One thread at a time.
class Berth {
  public:
    Berth(std::shared_ptr<Parking> parking, std::string name);
    ~Berth();
    Berth(const Berth&) = delete;
    Berth& operator=(const Berth&) = delete;

    const std::filesystem::path& part() const { return part_; }

    /// What a former holder noted, by offset, none over another; nothing where its bytes are gone.
    std::vector<Piece> noted() const;
    /// Appends a line. Not synced: a checksum tells later whether the bytes are really there.
    Result<void> note(const Piece& piece) const;
    /// Takes back all that was noted.
    void forget() const;
    /// Deletes both files.
    void remove() const;

  private:
    std::shared_ptr<Parking> parking_;
    std::string name_;
    std::filesystem::path part_, pieces_;
};

/// Any thread.
class Parking : public std::enable_shared_from_this<Parking> {
  public:
    /// How long a half file waits for somebody to ask for it again, and how many of them do.
    static constexpr std::chrono::days patience{7};
    static constexpr std::size_t most = 64;

    explicit Parking(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// The name of an object's partial; empty where nothing tells one object's bytes from another's.
    static std::string name(const Identity& identity);

    /// Null where somebody holds the name already, or it is empty.
    std::unique_ptr<Berth> take(const std::string& name);

    /// At the start: deletes all but the newest `most` partials that can be taken up again and are not older than
    /// `patience`. Returns how many files went.
    Result<std::uint64_t> sweep() const;

  private:
    friend class Berth;
    void give_back(const std::string& name);

    std::filesystem::path folder_;
    std::mutex mutex_;
    std::set<std::string> taken_;
};

} // namespace yizhan
