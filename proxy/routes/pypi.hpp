// The Python package index: /simple/…, /pypi/simple/… and TUNA's /pypi/web/simple/…, and the files below them.
#pragma once

#include "proxy/http/message.hpp"
#include "proxy/routes/index_files.hpp"
#include "proxy/routes/project_pages.hpp"

#include <span>

namespace yizhan {

class PypiRoute {
  public:
    /// Both outlive it.
    PypiRoute(ProjectPages& pages, IndexFiles& files) : pages_(pages), files_(files) {}

    /// A page or file that is here and fresh; see Handler.
    std::optional<Response> at_once(const Request& request);
    /// nullopt: not one of this route's paths.
    Task<std::optional<Response>> handle(const Request& request);

  private:
    Task<Response> page(const Request& request, std::size_t prefix);

    ProjectPages& pages_;
    IndexFiles& files_;
};

} // namespace yizhan
