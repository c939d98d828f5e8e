// From documents to what may be shown of a project. Reads no clock, opens nothing; logs what it leaves out.
#pragma once

#include "config/settings.hpp"
#include "config/url.hpp"
#include "index/agreement.hpp"
#include "proxy/routes/page_shelf.hpp"
#include "proxy/routes/page_upstreams.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// The prefixes that an upstream's file links may have.
std::vector<Url> link_prefixes(const UpstreamSettings& upstream);

/// One document, less the files that may not be shown: links outside `prefixes` (none given: a page of our own making,
/// all links pass), a name listed twice, nothing that says what the bytes are. Errors as the parsers'.
Result<PageGeneration> read_page(const std::string& project, std::string_view bytes, std::string_view content_type,
                                 const std::string& final_url, std::span<const Url> prefixes);

/// What the pages of independent mirrors agree on, or (trust = mirror) the first one's word. `shown`: the page that
/// clients have seen, which no laggard may take back; may be null. Errors: unavailable, where nothing may be shown.
Result<ProjectPage> read_agreed(const std::string& project, const std::vector<PageWord::Page>& pages,
                                const KnownDigest& known, Trust trust, const PageGeneration* shown);

} // namespace yizhan
