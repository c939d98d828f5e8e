// METADATA out of a wheel that is in the store, or still upstream: then by byte ranges, without fetching the wheel.
#pragma once

#include "cache/store.hpp"
#include "proxy/relay/object.hpp"
#include "proxy/relay/relay.hpp"

#include <string>

namespace yizhan {

/// Two or three questions for a wheel of torch: its end, which also tells its size; the rest of its directory and what
/// stands before it; METADATA, where it does not stand there.
class WheelReader {
  public:
    WheelReader(Store& store, Relay& relay) : store_(store), relay_(relay) {}

    /// The wheel's METADATA, byte by byte. Nothing proves bytes that come by ranges: the caller compares a digest.
    Task<Result<std::string>> metadata(const Object& wheel) const;

    /// The same where there is no digest to compare: as the stored wheel has it, else the root, else two families
    /// alike.
    Task<Result<std::string>> believed_metadata(const Object& wheel) const;

  private:
    Task<Result<std::string>> from_store(const Blob& blob, const Object& wheel) const;
    Task<Result<std::string>> from_source(const Source& source, const Object& wheel) const;

    Store& store_;
    Relay& relay_;
};

/// Stores small bytes under a path and waits until they are acknowledged. Blocks: for the disk pool.
Result<Blob> store_bytes(Store& store, const std::string& bytes, Provenance provenance);

} // namespace yizhan
