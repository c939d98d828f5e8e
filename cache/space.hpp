// Room on the file system: what running fills were promised, and what is to stay free for others.
#pragma once

#include "config/error.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>

namespace yizhan {

/// Bytes of a file system, as statvfs tells them to an unprivileged process.
struct FileSystemSpace {
    std::uint64_t available = 0;
    std::uint64_t total = 0;
};

Result<FileSystemSpace> file_system_space(const std::filesystem::path& folder);

/// Hands out promises of bytes. Any thread.
class Space {
  public:
    using Probe = std::function<Result<FileSystemSpace>()>;

    /// Keeps the lesser of `min_free` bytes and 5 % of the file system free: on a small disk a large default would
    /// refuse everything.
    Space(std::uint64_t min_free, Probe probe) : min_free_(min_free), probe_(std::move(probe)) {}

    /// Adds `bytes` to what is promised. Errors: no_space, io.
    Result<void> promise(std::uint64_t bytes);

    /// Takes `bytes` off what is promised: they were written (statvfs sees them now) or are not needed.
    void settle(std::uint64_t bytes);

  private:
    std::uint64_t min_free_;
    Probe probe_;
    std::mutex mutex_;
    std::uint64_t promised_ = 0;
};

/// One fill's part of the promises; gives back what it did not use. One thread at a time.
class Reservation {
  public:
    static Result<Reservation> make(std::shared_ptr<Space> space, std::uint64_t bytes);
    ~Reservation();
    Reservation(Reservation&& other) noexcept;
    Reservation& operator=(Reservation&&) = delete;

    /// Before `bytes` are written: asks for more where the reservation falls short, in steps of 1 MiB.
    Result<void> need(std::uint64_t bytes);

    /// After `bytes` were written.
    void used(std::uint64_t bytes);

  private:
    Reservation(std::shared_ptr<Space> space, std::uint64_t bytes) : space_(std::move(space)), left_(bytes) {}

    std::shared_ptr<Space> space_;
    std::uint64_t left_ = 0;
};

} // namespace yizhan
