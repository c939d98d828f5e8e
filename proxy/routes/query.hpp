// The query of a request target (application/x-www-form-urlencoded, as far as ours need it). Pure.
#pragma once

#include "config/error.hpp"

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

namespace yizhan {

using Query = std::map<std::string, std::string, std::less<>>;

/// Reads "a=1&b=2", percent escapes decoded once; '+' stays '+', for versions have one. Errors (`invalid`): a key that
/// is not among `known`, or is given twice; a broken escape; control characters.
Result<Query> read_query(std::string_view query, std::initializer_list<std::string_view> known);

/// The value of a key; empty where it is not given.
std::string_view value_of(const Query& query, std::string_view key);

} // namespace yizhan
