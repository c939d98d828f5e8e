// A certificate authority made at run time, so that no key lies in the tree and none expires there.
#pragma once

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace yizhan::origin {

enum class Certificate {
    good,        ///< for the server's address and "localhost"
    expired,     ///< was good until yesterday
    wrong_name,  ///< good, but for another host
    self_signed, ///< good, but nobody trusted signed it
};

/// Issues certificates that only who trusts `pem()` accepts. Any thread.
class Authority {
  public:
    Authority();
    ~Authority();
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;

    /// The authority's own certificate.
    std::string pem() const;

    /// A server context for a numeric address.
    std::shared_ptr<ssl_ctx_st> context(const std::string& address, Certificate kind = Certificate::good) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace yizhan::origin
