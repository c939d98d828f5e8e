#include "index/agreement.hpp"

#include "index/locate.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace yizhan {
namespace {

// What makes two listings the same file: its bytes, and where we would serve it.
struct Claim {
    Sha256 digest;
    std::string path;
    auto operator<=>(const Claim&) const = default;
};

struct Witnesses {
    std::map<Claim, std::set<std::string>> families; // who says what
};

// In a tree of several folders a name alone says little.
std::string key_of(const ProjectFile& file) {
    return file.folder + file.filename;
}

std::vector<const WitnessedPage*> freshest_first(std::span<const WitnessedPage> pages) {
    std::vector<const WitnessedPage*> out;
    for (const auto& page : pages)
        out.push_back(&page);
    std::ranges::sort(out, [](const auto* a, const auto* b) {
        const auto left = a->page.serial.value_or(0);
        const auto right = b->page.serial.value_or(0);
        return left != right ? left > right : a < b;
    });
    return out;
}

std::optional<Claim> claim_of(const ProjectFile& file) {
    const auto digest = file.sha256();
    const auto location = locate(file);
    if (!digest || !location)
        return std::nullopt;
    return Claim{*digest, location->path()};
}

// The claim that may be believed, where there is one.
const Claim* believed(const Witnesses& witnesses, const std::optional<Sha256>& known) {
    for (const auto& [claim, families] : witnesses.families)
        if (known ? claim.digest == *known : families.size() >= 2)
            return &claim;
    return nullptr;
}

std::string why_not(const Witnesses& witnesses, const std::optional<Sha256>& known) {
    if (witnesses.families.empty())
        return "no mirror says what its bytes are";
    if (known)
        return "what is listed is not the digest that is known";
    return witnesses.families.size() > 1 ? "the mirrors contradict each other"
                                         : "only one family of mirrors lists it, and the root has not confirmed it";
}

Conflict conflict_of(const std::string& filename, const Witnesses& witnesses, const std::optional<Sha256>& known) {
    Conflict out{.filename = filename, .claims = {}};
    for (const auto& [claim, families] : witnesses.families)
        for (const auto& family : families)
            out.claims.push_back(family + ": " + claim.digest.hex());
    if (known)
        out.claims.push_back("known: " + known->hex());
    return out;
}

bool contradicts(const Witnesses& witnesses, const std::optional<Sha256>& known) {
    std::set<Sha256> digests;
    for (const auto& [claim, families] : witnesses.families)
        digests.insert(claim.digest);
    if (known)
        digests.insert(*known);
    return digests.size() > 1;
}

} // namespace

Agreement agreed_page(std::span<const WitnessedPage> pages, const KnownDigest& known) {
    Agreement out;
    const auto ordered = freshest_first(pages);
    if (ordered.empty())
        return out;

    std::unordered_map<std::string, Witnesses> witnesses;
    for (const auto* witnessed : ordered)
        for (const auto& file : witnessed->page.files) {
            auto& all = witnesses[key_of(file)];
            if (auto claim = claim_of(file))
                all.families[std::move(*claim)].insert(witnessed->family);
        }

    const auto& freshest = ordered.front()->page;
    out.page = freshest;
    out.page.files.clear();
    std::unordered_set<std::string> done;
    for (const auto* witnessed : ordered)
        for (const auto& file : witnessed->page.files) {
            const auto key = key_of(file);
            if (done.contains(key))
                continue;
            const auto& said = witnesses.at(key);
            const auto already = known(key);
            const auto* truth = believed(said, already);
            if (truth && claim_of(file) != *truth)
                continue; // a later page lists it as it is believed
            done.insert(key);
            if (truth)
                out.page.files.push_back(file);
            else
                out.withheld.push_back({file.filename, why_not(said, already)});
            if (contradicts(said, already))
                out.conflicts.push_back(conflict_of(file.filename, said, already));
        }
    return out;
}

} // namespace yizhan
