// Pages that are made of other pages and are no document of anybody's: matched to a machine, or put together. Made when
// somebody asks, again when a page that they were made of is replaced, and kept in memory alone, bounded by bytes.
#pragma once

#include "proxy/relay/relay.hpp"
#include "proxy/routes/page_shelf.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace yizhan {

/// Any thread.
class DerivedPages {
  public:
    using Sources = std::vector<PageSlot::GenerationPtr>;
    /// Makes the page of its sources; a pure function. On the compute pool.
    using Make = std::function<ProjectPage(const Sources&)>;

    /// `budget`: bytes in memory, over all pages.
    DerivedPages(Relay& relay, std::size_t budget) : relay_(relay), shelf_(budget) {}

    /// The page called `key` in this form where it is here and made of just these sources; else null.
    PageSlot::RenderedPtr at_once(const std::string& key, const Sources& sources, const PageForm& form);

    /// Likewise, made where it is not here: once, whoever asks meanwhile waits for it.
    Task<PageSlot::RenderedPtr> get(std::string key, Sources sources, PageForm form, Make make);

    /// The page itself.
    Task<PageSlot::GenerationPtr> generation(std::string key, Sources sources, Make make);

  private:
    Relay& relay_;
    PageShelf shelf_;
};

} // namespace yizhan
