// /pytorch/whl/…: PyTorch's own index at the paths that download instructions name, nightly and test included: pages
// per tag and project, the lists for --find-links, and the files.
#pragma once

#include "config/settings.hpp"
#include "proxy/http/message.hpp"
#include "proxy/routes/derived_pages.hpp"
#include "proxy/routes/index_files.hpp"
#include "proxy/routes/project_pages.hpp"
#include "proxy/routes/root_names.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace yizhan {

class PytorchRoute {
  public:
    /// All outlive it.
    PytorchRoute(const Settings& settings, Store& store, Relay& relay, ProjectPages& pages, IndexFiles& files);

    /// A page or file that is here and fresh; see Handler.
    std::optional<Response> at_once(const Request& request);
    /// nullopt: not one of this route's paths.
    Task<std::optional<Response>> handle(const Request& request);

  private:
    Task<Response> page(const Request& request, std::size_t prefix);
    Task<Response> stable(const Request& request);
    Task<Result<ProjectPages::Answer>> stable_made(std::string folder, PageForm form);

    ProjectPages& pages_;
    IndexFiles& files_;
    RootNames roots_;
    DerivedPages lists_;
};

} // namespace yizhan
