// Who is asked for a project's page, and whose word it is: the root's while it answers in time, else what independent
// mirrors say (design, section 4, Trust).
#pragma once

#include "cache/store.hpp"
#include "config/settings.hpp"
#include "config/url.hpp"
#include "proxy/relay/health/breaker.hpp"
#include "proxy/relay/relay.hpp"
#include "proxy/routes/page_index.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace yizhan {

/// What was heard of a page.
struct PageWord {
    enum class Of {
        root,    ///< `documents` holds its page, or nothing where the stored one is still right (304)
        mirrors, ///< `documents` holds one page per family, in the order in which they came
    };
    struct Page {
        const UpstreamSettings* from = nullptr;
        std::optional<std::uint64_t> serial; ///< how fresh it says it is
        Fetched fetched;
    };
    Of of = Of::root;
    std::vector<Page> documents;
};

/// Relay thread only.
class PageUpstreams {
  public:
    /// Both outlive it.
    PageUpstreams(const PageIndex& index, const Settings& settings, Relay& relay);

    /// `page` as PageIndex spells it. Asks the root with the stored document's validators. Where it is silent for
    /// `pypi.root_patience`, or rests after failing several times, two mirrors of other families are asked too, and
    /// more as those fail; whoever can settle it first does. Errors: not_found (the root, or two families, say that
    /// there is no such project), unavailable. `passed_over`: the root has answered, and cannot be read.
    enum class Root { asked, passed_over };
    Task<Result<PageWord>> ask(std::string page, std::optional<Document> stored, Root root = Root::asked);

    const UpstreamSettings& root() const { return root_; }

  private:
    struct Asking;
    using AskingPtr = std::shared_ptr<Asking>;

    Task<void> ask_root(std::string project, std::optional<Document> stored, AskingPtr asking);
    Task<void> ask_mirror(std::string project, const UpstreamSettings& mirror, AskingPtr asking);
    void ask_mirrors(const std::string& project, const AskingPtr& asking);
    const UpstreamSettings* next_mirror(const Asking& asking);
    Task<Result<Fetched>> fetch(Url url, const std::optional<Document>& stored);

    const PageIndex& index_;
    const Settings& settings_;
    Relay& relay_;
    const UpstreamSettings& root_;
    Breaker root_breaker_;
};

/// The upstream whose word counts: the one marked root, else the first.
const UpstreamSettings& root_of(const Settings::Pypi& pypi);

} // namespace yizhan
