// Who may have a file of an index, and under which URL.
#pragma once

#include "cache/store.hpp"
#include "config/settings.hpp"
#include "index/locate.hpp"
#include "proxy/relay/object.hpp"

#include <vector>

namespace yizhan {

/// The places to ask for a distribution, in the order of the settings (`rules` of its index). `known` is what the
/// ledger says of it (null: no page was ever seen); a URL of the root's page stands for the root. A file under PyPI's
/// own path is also asked for at every upstream that keeps PyPI's layout, since the path alone proves the bytes; any
/// other file only where a page says that it is. A file of PyTorch's tree is asked for at the same path of every copy
/// of the tree, flat or not: "<tag>/<file>".
std::vector<Source> file_sources(const Settings::Pypi& rules, const LocatedFile& file, const LedgerEntry* known);

} // namespace yizhan
