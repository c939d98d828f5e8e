// Who may have a PyPI file, and under which URL.
#pragma once

#include "config/settings.hpp"
#include "index/locate.hpp"
#include "proxy/relay/object.hpp"

#include <string>
#include <vector>

namespace yizhan {

/// The places to ask for a distribution, in the order of the settings. `known` is the URL that the root's page gave
/// (empty: the page was never seen); it stands for the root. A file under PyPI's own path is also asked for at every
/// upstream that keeps PyPI's layout, since the path alone proves the bytes.
std::vector<Source> file_sources(const Settings::Pypi& pypi, const LocatedFile& file, const std::string& known);

} // namespace yizhan
