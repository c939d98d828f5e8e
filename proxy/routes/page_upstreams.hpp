// Who is asked for a project's page, and whose word it is: the root's while it answers in time, else what independent
// mirrors say (design, section 4, Trust).
#pragma once

#include "cache/store.hpp"
#include "config/settings.hpp"
#include "config/url.hpp"
#include "index/agreement.hpp"
#include "proxy/relay/health/breaker.hpp"
#include "proxy/relay/relay.hpp"
#include "proxy/routes/page_index.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace yizhan {

/// One page being asked for.
struct PageAsking;

/// What was heard of a page.
struct PageWord {
    enum class Of {
        root,    ///< `root` holds its page, or nothing where the stored one is still right (304)
        mirrors, ///< `mirrors` holds one page per family, in the order in which they came
        absent,  ///< `absent` says that two families have no such page, and the root is silent
    };
    Of of = Of::root;
    std::optional<Fetched> root{};
    std::vector<WitnessedPage> mirrors{};
    std::optional<Error> absent{};        ///< not_found
    std::shared_ptr<PageAsking> asking{}; ///< for ask_on
};

/// Relay thread only.
class PageUpstreams {
  public:
    /// Both outlive it.
    PageUpstreams(const PageIndex& index, const Settings& settings, Relay& relay);

    /// `page` as PageIndex spells it. Asks the root with the stored document's validators. Where it is silent for
    /// `pypi.root_patience`, or rests after failing several times, three mirrors of other families are asked too, and
    /// more as those fail, send what is no page, or are not equally fresh; whoever can settle it first does, and
    /// mirrors that all have answered do so without a root that is still silent. Errors: not_found (the root says that
    /// there is no such project), unavailable. `passed_over`: the root has answered, and cannot be read.
    enum class Root { asked, passed_over };
    Task<Result<PageWord>> ask(std::string page, std::optional<Document> stored, Root root = Root::asked);

    /// Where the mirrors' pages of `heard` confirm nothing: those with at least one more, of a family that was not
    /// heard yet, or the root's word if that comes first. Errors as ask(); unavailable also where nobody is left.
    Task<Result<PageWord>> ask_on(std::string page, PageWord heard);

    const UpstreamSettings& root() const { return root_; }

  private:
    using AskingPtr = std::shared_ptr<PageAsking>;

    Task<void> ask_root(std::string project, std::optional<Document> stored, AskingPtr asking);
    Task<void> ask_mirror(std::string project, const UpstreamSettings& mirror, AskingPtr asking);
    void ask_mirrors(const std::string& project, const AskingPtr& asking);
    const UpstreamSettings* next_mirror(const PageAsking& asking);
    Task<Result<WitnessedPage>> read(const std::string& project, const UpstreamSettings& mirror, Fetched fetched);
    Result<PageWord> heard_by(const std::string& project, const AskingPtr& asking) const;
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
