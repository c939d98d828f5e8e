// Several mirrors, the gates they share, and the index that they carry.
#pragma once

#include "tests/origin/authority.hpp"
#include "tests/origin/gates.hpp"
#include "tests/origin/pypi_index.hpp"
#include "tests/origin/server.hpp"

#include <map>
#include <memory>
#include <string>

namespace yizhan::origin {

/// Owns everything that a script or a test builds; servers stop when it is destroyed. `add` and `index` belong to one
/// thread, the servers and gates to any.
class Farm {
  public:
    /// A further mirror. Its address, where none is given, is the next of 127.0.1.1, 127.0.1.2, …, so that connections,
    /// breakers and address checks can tell the mirrors apart. Throws std::invalid_argument where the name is taken.
    Server& add(const std::string& name, ServerOptions options = {.address = {}});

    /// The same over TLS with a certificate of `authority()`.
    Server& add_tls(const std::string& name, Certificate certificate = Certificate::good,
                    ServerOptions options = {.address = {}});

    Server& at(const std::string& name); ///< std::invalid_argument where there is none

    /// Ends a server: its connections are closed, its port and its name are free. References to it are void.
    void remove(const std::string& name);

    const std::map<std::string, std::unique_ptr<Server>>& servers() const { return servers_; }

    Gates& gates() { return gates_; }
    PypiIndex& index() { return index_; }

    /// Made when first asked for.
    const Authority& authority();

  private:
    Gates gates_;
    PypiIndex index_;
    std::unique_ptr<Authority> authority_;
    std::map<std::string, std::unique_ptr<Server>> servers_;
    unsigned next_address_ = 1;
};

} // namespace yizhan::origin
