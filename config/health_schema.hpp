// The rows of the schema table by which upstreams are judged and chosen: relay.score, relay.breaker and so on.
#pragma once

#include "config/schema.hpp"

#include <vector>

namespace yizhan {

std::vector<Setting> health_schema();

/// How large files are split between mirrors: relay.segments.
std::vector<Setting> segment_schema();

} // namespace yizhan
