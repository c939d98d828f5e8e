// /for/<machine>/…: the indexes as one machine sees them. Files have one path for all: links climb out to it.
#pragma once

#include "proxy/http/message.hpp"
#include "proxy/routes/matched_pages.hpp"

#include <optional>

namespace yizhan {

class MachineRoute {
  public:
    /// All outlive it.
    MachineRoute(Machines& machines, MatchedPages& matched, ProjectPages& pypi)
        : machines_(machines), matched_(matched), pypi_(pypi) {}

    /// A page that is here and fresh; see Handler.
    std::optional<Response> at_once(const Request& request);
    /// nullopt: not one of this route's paths.
    Task<std::optional<Response>> handle(const Request& request);

    /// True for the paths that take a query.
    static bool takes_query(const Request& request);

  private:
    Task<Response> constraints(const Request& request, Machines::MatchPtr match);
    Task<Response> page(const Request& request, Machines::MatchPtr match);

    Machines& machines_;
    MatchedPages& matched_;
    ProjectPages& pypi_;
};

} // namespace yizhan
