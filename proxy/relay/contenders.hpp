// Who may have one object: its sources, each over the address families that this machine can use, and how they fared in
// one transfer. Relay thread only.
#pragma once

#include "proxy/relay/health/endpoints.hpp"
#include "proxy/relay/object.hpp"

#include <algorithm>
#include <functional>
#include <set>
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
    unsigned fruitless = 0; ///< since bytes last came from it
    unsigned legs = 0;      ///< under way to it
    bool out = false;       ///< does not have it, or has something else under its name
    bool outvoted = false;  ///< and that for its ends alone: others, or the root, have other ones, or they are no ZIP's
    bool no_ranges = false; ///< sends all or nothing
    bool told_later = false;            ///< that it points to one without room
    std::set<EndpointId> answered_by{}; ///< those who answered when it was asked: itself, or those to whom it pointed

    /// Whether what came when it was asked was one of these.
    bool spoke_for(const std::set<EndpointId>& those) const {
        return those.contains(id) ||
               std::ranges::any_of(answered_by, [&](EndpointId who) { return those.contains(who); });
    }
};

class Contenders {
  public:
    /// `sources` must outlive it.
    Contenders(Endpoints& endpoints, const std::vector<Source>& sources, const FamiliesOf& families);

    /// Before the first question: leaves out who is known not to have it, or to have lied about it, and notes why;
    /// but not all of them, unless all of them lied. With an unidentified object only the root is left, over one
    /// address.
    void prepare(const Object& object, Moment now, std::vector<std::string>& tried);

    /// Those that may be asked now, as choose() takes them; `index` is into the contenders. `asked`: how often the
    /// asker has asked each, by index; `busy`: whom it is asking.
    struct Round {
        std::vector<unsigned> asked;
        std::vector<std::size_t> busy;
    };
    std::vector<Candidate> field(const Ask& ask, const Round& round, std::optional<std::uint64_t> bytes, Crowd crowd,
                                 Moment now) const;

    /// Those that could bring a further part now, the least busy first, the quicker ones before the slower: each has
    /// room for one more, and, where it brings a part already, room for another one's request besides.
    std::vector<std::size_t> idle(const Ask& ask, unsigned connections, Moment now) const;
    /// How many independent mirrors may still bring it.
    unsigned families() const;

    Contender& operator[](std::size_t index) { return all_[index]; }
    const Contender& operator[](std::size_t index) const { return all_[index]; }
    std::size_t size() const { return all_.size(); }
    /// The others that could still go on.
    std::vector<EndpointId> others_than(EndpointId id) const;
    bool any_left() const;

    /// Whether there is one of another family who spoke for none of these, and is not known to lack it: out or not.
    bool anybody_but(const std::set<EndpointId>& those, const Object& object, Moment now) const;
    /// Those who spoke for one of these, and were left out for what they contradicted alone, may be asked again.
    void take_back(const std::set<EndpointId>& those, const Object& object, Moment now);
    /// All others are out, where this one is not, or those who pointed to it.
    void leave_only(EndpointId one);
    /// Nobody is held to what happened before, but for those that are out.
    void begin_again();
    auto begin() const { return all_.begin(); }
    auto end() const { return all_.end(); }
    auto begin() { return all_.begin(); }
    auto end() { return all_.end(); }

  private:
    Endpoints& endpoints_;
    std::vector<Contender> all_;
};

} // namespace yizhan
