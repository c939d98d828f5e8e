// Who may have one object: its sources, each over the address families that this machine can use, and how they fared in
// one transfer. Relay thread only.
#pragma once

#include "proxy/relay/health/endpoints.hpp"
#include "proxy/relay/object.hpp"

#include <functional>
#include <string>
#include <vector>

namespace yizhan {

/// The address families over which `url` is worth asking, apart from each other: a mirror may block one of them.
using FamiliesOf = std::function<std::vector<AddressFamily>(const Url& url)>;

/// Whether few connections are to be made to this host: universities' mirrors, many of which count them per address.
bool is_gentle(std::string_view host);

struct Contender {
    const Source* source = nullptr;
    AddressFamily address = AddressFamily::any;
    EndpointId id{};
    unsigned asked = 0;     ///< by this transfer
    unsigned fruitless = 0; ///< since bytes last came from it
    bool out = false;       ///< does not have it, or has something else under its name
    bool busy = false;      ///< a leg to it is under way
};

class Contenders {
  public:
    /// `sources` must outlive it.
    Contenders(Endpoints& endpoints, const std::vector<Source>& sources, const FamiliesOf& families);

    /// Before the first question: leaves out who is known not to have it, or to have lied about it, and notes why;
    /// but not all of them, unless all of them lied. With an unidentified object only the root is left, over one
    /// address.
    void prepare(const Object& object, Moment now, std::vector<std::string>& tried);

    /// Those that may be asked now, as choose() takes them; `index` is into the contenders.
    std::vector<Candidate> field(const Ask& ask, std::optional<std::uint64_t> bytes, Crowd crowd, Moment now) const;

    Contender& operator[](std::size_t index) { return all_[index]; }
    Contender& of(const Source& source, AddressFamily address);
    /// The others that could still go on.
    std::vector<EndpointId> others_than(EndpointId id) const;
    bool any_left() const;

    /// Nobody is held to what happened before, but for those that are out.
    void begin_again();
    auto begin() { return all_.begin(); }
    auto end() { return all_.end(); }

  private:
    Endpoints& endpoints_;
    std::vector<Contender> all_;
};

} // namespace yizhan
