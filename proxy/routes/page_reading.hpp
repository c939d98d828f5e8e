// From documents to what may be shown of a project. Reads no clock, opens nothing; logs what it leaves out.
#pragma once

#include "config/settings.hpp"
#include "config/url.hpp"
#include "index/agreement.hpp"
#include "proxy/routes/page_index.hpp"
#include "proxy/routes/page_shelf.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

/// Where the links of one upstream's documents may lead, and what they are there.
struct LinkRules {
    std::string index;              ///< for the log
    std::vector<Url> prefixes;      ///< that links may have; none: a page of our own making, all pass
    std::vector<std::string> trees; ///< URLs below which PyTorch's tree of wheels stands
    bool flat = false;              ///< a listing of all projects
};

/// The rules for an upstream's own documents. A files origin holds a copy of the tree where the upstream has its own.
LinkRules link_rules(const PageIndex& index, const UpstreamSettings& upstream);
/// The rules for a document of our own making, whose links are our paths below `root`'s origin.
LinkRules own_link_rules(const PageIndex& index, const UpstreamSettings& root);

/// One document, less the files that may not be shown: links that the rules forbid, a name listed twice (in one
/// folder), nothing that says what the bytes are. `page` as PageIndex spells it. Errors as the parsers'; not_found
/// where a flat listing has no file of the project.
Result<PageGeneration> read_page(const std::string& page, std::string_view bytes, std::string_view content_type,
                                 const std::string& final_url, const LinkRules& rules);

/// What the pages of independent mirrors agree on, or (where the index trusts any mirror) the freshest one's word.
/// `shown`: the page that clients have seen, which no laggard may take back; may be null. Errors: unavailable, where
/// nothing may be shown.
Result<ProjectPage> read_agreed(const PageIndex& index, const std::string& project,
                                std::span<const WitnessedPage> pages, const KnownFiles& known,
                                const PageGeneration* shown);

} // namespace yizhan
