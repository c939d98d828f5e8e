// The real router over a real store, offline: what stands behind the guard, for targets that begin with a request's
// bytes. The store holds wheels of "six", of "evil" (denied) and of "haunted" (quarantined), and the pages of all
// three.
#pragma once

#include "proxy/http/message.hpp"

#include <filesystem>
#include <memory>

namespace yizhan::fuzz {

class Site {
  public:
    Site();
    ~Site();
    Site(const Site&) = delete;
    Site& operator=(const Site&) = delete;

    /// What the router answers.
    Response answer(const Request& request);

    /// Whether the blob may leave: no other than six's.
    bool may_leave(const Blob& blob) const;

  private:
    struct House;
    std::filesystem::path folder_;
    std::unique_ptr<House> house_;
};

} // namespace yizhan::fuzz
