#include "index/agreement.hpp"

#include "index/locate.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string_view>
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

// Who says what.
template <class Word>
using Said = std::map<Word, std::set<std::string>>;

struct Witnesses {
    Said<Claim> families;
    // By the digest that goes with it: a size of other bytes says nothing of these.
    Said<std::pair<Sha256, std::uint64_t>> sizes;
    Said<std::pair<Sha256, Sha256>> metadata;
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
        const auto left = a->serial.value_or(0);
        const auto right = b->serial.value_or(0);
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

void hear(Witnesses& into, const ProjectFile& file, const std::string& family) {
    const auto claim = claim_of(file);
    if (!claim)
        return;
    into.families[*claim].insert(family);
    if (file.size)
        into.sizes[{claim->digest, *file.size}].insert(family);
    if (file.core_metadata.sha256)
        into.metadata[{claim->digest, *file.core_metadata.sha256}].insert(family);
}

// The claim that may be believed, where there is one.
const Claim* believed(const Witnesses& witnesses, const std::optional<KnownFile>& known) {
    for (const auto& [claim, families] : witnesses.families)
        if (known ? claim.digest == known->digest : families.size() >= 2)
            return &claim;
    return nullptr;
}

// Whether this listing says it too. Of a known file the bytes alone count: its path is the known one, and the freshest
// page that lists the bytes gives the rest, whatever path stands there.
bool says(const ProjectFile& file, const Claim& truth, const std::optional<KnownFile>& known) {
    const auto claim = claim_of(file);
    return claim && (known ? claim->digest == truth.digest : *claim == truth);
}

// What two families, and no other two, say of these bytes.
template <class Word>
std::optional<Word> vouched(const Said<std::pair<Sha256, Word>>& said, const Sha256& digest) {
    std::optional<Word> out;
    for (const auto& [word, families] : said) {
        if (word.first != digest || families.size() < 2)
            continue;
        if (out)
            return std::nullopt;
        out = word.second;
    }
    return out;
}

// A file as it may be shown, of a listing that says what is believed. Metadata that the root's word lacks is not added:
// the ledger keeps that word, and would not know the digest when somebody asks for it.
ProjectFile shown(ProjectFile file, const Witnesses& witnesses, const std::optional<KnownFile>& known) {
    const auto digest = *file.sha256();
    file.hashes = {{"sha256", digest.hex()}}; // the others are this mirror's word alone
    file.size = known && known->size ? known->size : vouched(witnesses.sizes, digest);
    if (known && (known->of_root || known->core_metadata.available)) {
        file.core_metadata = known->core_metadata;
    } else {
        const auto metadata = vouched(witnesses.metadata, digest);
        file.core_metadata = {.available = metadata.has_value(), .sha256 = metadata};
    }
    if (known && !known->url.empty())
        file.url = known->url;
    return file;
}

// Of what two families say that are as fresh as any: what laggards still say may have been lifted.
std::optional<ProjectStatus> agreed_status(std::span<const WitnessedPage* const> ordered) {
    const auto newest = ordered.front()->serial.value_or(0);
    std::vector<const WitnessedPage*> pages(ordered.begin(), ordered.end());
    std::erase_if(pages, [newest](const WitnessedPage* page) { return page->serial.value_or(newest) != newest; });
    for (const auto* page : pages) {
        std::set<std::string> families;
        for (const auto* other : pages)
            if (page->page.status && other->page.status && other->page.status->status == page->page.status->status)
                families.insert(other->family);
        if (families.size() >= 2)
            return page->page.status;
    }
    return std::nullopt;
}

// The highest that two families have reached, or of a single one that tells any its own: whoever claims to be ahead of
// all others would make laggards of them for as long as the root is silent.
std::optional<std::uint64_t> agreed_serial(std::span<const WitnessedPage* const> ordered) {
    std::map<std::string_view, std::uint64_t> by_family;
    for (const auto* page : ordered) // the freshest first
        if (page->serial)
            by_family.try_emplace(page->family, *page->serial);
    std::vector<std::uint64_t> reached;
    for (const auto& [family, serial] : by_family)
        reached.push_back(serial);
    std::ranges::sort(reached, std::greater{});
    if (reached.empty())
        return std::nullopt;
    return reached[std::min<std::size_t>(1, reached.size() - 1)];
}

std::string why_not(const Witnesses& witnesses, const std::optional<KnownFile>& known) {
    if (witnesses.families.empty())
        return "no mirror says what its bytes are";
    if (known)
        return "what is listed is not the digest that is known";
    return witnesses.families.size() > 1 ? "the mirrors contradict each other"
                                         : "only one family of mirrors lists it, and the root has not confirmed it";
}

Conflict conflict_of(const std::string& filename, const Witnesses& witnesses, const std::optional<KnownFile>& known) {
    Conflict out{.filename = filename, .claims = {}};
    for (const auto& [claim, families] : witnesses.families)
        for (const auto& family : families)
            out.claims.push_back(family + ": " + claim.digest.hex());
    if (known)
        out.claims.push_back("known: " + known->digest.hex());
    return out;
}

bool contradicts(const Witnesses& witnesses, const std::optional<KnownFile>& known) {
    std::set<Sha256> digests;
    for (const auto& [claim, families] : witnesses.families)
        digests.insert(claim.digest);
    if (known)
        digests.insert(known->digest);
    return digests.size() > 1;
}

} // namespace

Agreement agreed_page(std::span<const WitnessedPage> pages, const KnownFiles& known) {
    Agreement out;
    const auto ordered = freshest_first(pages);
    if (ordered.empty())
        return out;

    std::unordered_map<std::string, Witnesses> witnesses;
    for (const auto* witnessed : ordered)
        for (const auto& file : witnessed->page.files)
            hear(witnesses[key_of(file)], file, witnessed->family);

    const auto& freshest = ordered.front()->page;
    out.page = freshest;
    out.page.files.clear();
    out.page.serial = agreed_serial(ordered);
    out.page.status = agreed_status(ordered);
    std::unordered_set<std::string> done;
    for (const auto* witnessed : ordered)
        for (const auto& file : witnessed->page.files) {
            const auto key = key_of(file);
            if (done.contains(key))
                continue;
            const auto& said = witnesses.at(key);
            const auto already = known(key);
            const auto* truth = believed(said, already);
            if (truth && !says(file, *truth, already))
                continue; // a later page lists it as it is believed
            done.insert(key);
            if (truth)
                out.page.files.push_back(shown(file, said, already));
            else
                out.withheld.push_back({file.filename, why_not(said, already)});
            if (contradicts(said, already))
                out.conflicts.push_back(conflict_of(file.filename, said, already));
        }
    return out;
}

} // namespace yizhan
