// METADATA out of a wheel that is in the store, or still upstream: then by byte ranges, without fetching the wheel.
#pragma once

#include "cache/store.hpp"
#include "proxy/relay/object.hpp"
#include "proxy/relay/relay.hpp"

#include <string>

namespace yizhan {

struct WheelReader {
    Store& store;
    Relay& relay;

    /// The wheel's METADATA, byte by byte. Nothing proves bytes that come by ranges: the caller compares a digest.
    Task<Result<std::string>> metadata(const Object& wheel) const;
};

/// Stores small bytes under a path and waits until they are acknowledged. Blocks: for the disk pool.
Result<Blob> store_bytes(Store& store, const std::string& bytes, Provenance provenance);

} // namespace yizhan
