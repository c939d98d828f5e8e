// A page of the shelf in the form that a client wants: rendered once, on the compute pool.
#pragma once

#include "proxy/relay/relay.hpp"
#include "proxy/routes/page_shelf.hpp"

namespace yizhan {

/// This generation of the slot's page in this form, from memory or rendered now; whoever asks meanwhile waits for the
/// same. From any core; trim the shelf afterwards.
Task<PageSlot::RenderedPtr> rendered(Relay& relay, std::shared_ptr<PageSlot> slot, PageSlot::GenerationPtr generation,
                                     PageForm form);

} // namespace yizhan
