// /api/v1/explain?project=torch&machine=…: why a machine gets the build that it gets.
#pragma once

#include "proxy/http/message.hpp"
#include "proxy/routes/matched_pages.hpp"

#include <optional>

namespace yizhan {

class ExplainRoute {
  public:
    /// Both outlive it.
    ExplainRoute(Machines& machines, MatchedPages& matched) : machines_(machines), matched_(matched) {}

    /// True for its one path, which takes a query.
    static bool is_ours(const Request& request);

    /// Plain text, or JSON with format=json. nullopt: not its path.
    Task<std::optional<Response>> handle(const Request& request);

  private:
    Machines& machines_;
    MatchedPages& matched_;
};

} // namespace yizhan
