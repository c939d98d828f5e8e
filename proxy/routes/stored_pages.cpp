#include "proxy/routes/stored_pages.hpp"

#include "config/url.hpp"
#include "index/filename.hpp"
#include "index/locate.hpp"
#include "index/negotiate.hpp"
#include "index/render.hpp"
#include "proxy/boot_clock.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace yizhan {
namespace {

// PyPI's alone: nowhere else is a name promised to keep its bytes.
std::string file_key(const std::string& project, const std::string& filename) {
    return "pypi/" + project + "/" + filename;
}

// A stored page was let through when it came; what is to be left out of it now is for drop_unproven to say.
LinkRules all_pass(LinkRules rules) {
    rules.prefixes.clear();
    return rules;
}

} // namespace

std::string path_ledger_key(std::string_view canonical_path) {
    return "path/" + std::string(canonical_path);
}

void keep_page(Store& store, const std::string& key, std::string_view bytes, Document document) {
    store.put_document(key, bytes, std::move(document), [key](const Result<Blob>& kept) {
        if (!kept)
            spdlog::error("{} could not be kept: {}", key, kept.error().text());
    });
}

void keep_own_page(Store& store, const std::string& key, const ProjectPage& page, const UpstreamSettings& root) {
    const auto url = Url::parse(root.url);
    const auto json = render_json(page, url ? url->origin() + "/" : "/");
    keep_page(store, key, json,
              {.digest = sha256(json),
               .url = root.url,
               .content_type = std::string(media_type(PageFormat::json_v1)),
               .etag = {},
               .last_modified = {},
               .checked_at = unix_now()});
}

std::optional<StoredPages::Loaded> StoredPages::newest(const std::string& project) const {
    auto from_root = page(project, document_key(project), link_rules(index_, root_));
    auto from_mirrors = page(project, agreed_key(project), own_link_rules(index_, root_));
    return from_mirrors && (!from_root || from_mirrors->checked_at > from_root->checked_at) ? from_mirrors : from_root;
}

std::optional<StoredPages::Loaded> StoredPages::again_where_disputed(const std::string& project) const {
    return disputed(project) ? page(project, document_key(project), link_rules(index_, root_)) : std::nullopt;
}

std::optional<StoredPages::Loaded> StoredPages::page(const std::string& project, const std::string& key,
                                                     const LinkRules& rules) const {
    const auto document = store_.find_document(key);
    const auto blob = document ? store_.find(document->digest) : std::nullopt;
    if (!blob)
        return std::nullopt;
    const auto bytes = blob->read_all(longest_);
    auto generation = bytes ? read_page(project, *bytes, document->content_type, document->url, all_pass(rules))
                            : std::unexpected(bytes.error());
    if (!generation) {
        spdlog::error("{}: the stored page of {} is unusable: {}", index_.name, project, generation.error().message);
        return std::nullopt;
    }
    if (key == document_key(project))
        generation->document = document->digest;
    fill_gaps(generation->page);
    times_.recall(project, generation->page);
    if (!rules.prefixes.empty())
        drop_unproven(generation->page, rules.prefixes);
    // Where the ledger's rows were lost with the catalog, at this start or an earlier one, the page has them; what is
    // disputed may have been settled.
    if (lost_rows(generation->page) || disputed(project))
        if (const auto rows =
                remember(project, generation->page, key == document_key(project) ? Grade::root : Grade::agreed);
            !rows)
            spdlog::error("{}: {}: {}", index_.name, project, rows.error().text());
    return Loaded{std::make_shared<const PageGeneration>(std::move(*generation)), document->checked_at};
}

// A stored page may be of an upstream that the settings do not name any more (yizhan was started again with --offline
// alone): its links then lie under no prefix, but what was let through when it came is in the ledger.
void StoredPages::drop_unproven(ProjectPage& page, const std::vector<Url>& prefixes) const {
    std::erase_if(page.files, [&](const ProjectFile& file) {
        const auto inside = [&](const Url& prefix) { return file.url.starts_with(prefix.str()); };
        if (std::ranges::any_of(prefixes, inside))
            return false;
        const auto location = locate(file);
        const auto entry = location ? store_.find_ledger(path_ledger_key(location->path())) : std::nullopt;
        return !entry || file.sha256() != entry->digest;
    });
}

// Rows are written for a page's files together.
bool StoredPages::lost_rows(const ProjectPage& page) const {
    for (const auto& file : page.files)
        if (const auto location = file.sha256() ? locate(file) : std::nullopt)
            return !store_.find_ledger(path_ledger_key(location->path()));
    return false;
}

bool StoredPages::disputed(const std::string& project) const {
    return !store_.disputes(file_key(project, {}), 1).empty();
}

Result<void> StoredPages::remember(const std::string& project, ProjectPage& page, Grade grade) const {
    std::vector<Store::LedgerRow> rows;
    rows.reserve(page.files.size() * 2);
    for (const auto& file : page.files) {
        const auto digest = file.sha256();
        const auto location = locate(file);
        if (!digest || !location)
            continue;
        LedgerEntry entry{.digest = *digest,
                          .grade = grade,
                          .size = file.size,
                          .source = file.url,
                          .metadata = file.core_metadata.sha256,
                          .metadata_available = file.core_metadata.available};
        // Only PyPI promises that a file name never changes its bytes; elsewhere the path itself holds the digest, or
        // the newest word counts.
        if (!index_.wheel_tree && location->blake2b && !is_variants_file(file.filename))
            rows.push_back({file_key(project, file.filename), entry, false});
        rows.push_back({path_ledger_key(location->path()), std::move(entry), !file.folder.empty()});
    }
    const auto conflicts = store_.put_ledger(rows);
    if (!conflicts)
        return std::unexpected(conflicts.error());
    for (const auto& key : *conflicts) {
        spdlog::error("{}: {} contradicts what was said of it before; it is not shown until that is settled: "
                      "`yizhan trust list` shows both words, `yizhan trust accept` believes the new one",
                      index_.name, key);
        const auto filename = key.substr(key.rfind('/') + 1);
        std::erase_if(page.files, [&](const ProjectFile& file) { return file.filename == filename; });
    }
    return {};
}

void StoredPages::fill_gaps(ProjectPage& page) const {
    if (!index_.wheel_tree)
        return;
    for (auto& file : page.files) {
        const bool open = !file.sha256() || !file.core_metadata.available;
        const auto location = open ? locate(file) : std::nullopt;
        if (!location)
            continue;
        const auto known = store_.find_ledger(path_ledger_key(location->path()));
        if (!file.sha256()) {
            const auto seen = known ? std::nullopt : store_.find(location->path());
            if (known || seen)
                file.hashes.emplace_back("sha256", known ? known->digest.hex() : seen->digest().hex());
        }
        if (!file.core_metadata.available && known && known->metadata && file.sha256() == known->digest)
            file.core_metadata = {.available = true, .sha256 = known->metadata};
    }
}

void StoredPages::keep(const std::string& project, const Fetched& fetched, const Sha256& digest) const {
    keep_page(store_, document_key(project), fetched.body,
              {.digest = digest,
               .url = fetched.head.url.str(),
               .content_type = std::string(fetched.head.field("content-type")),
               .etag = std::string(fetched.head.field("etag")),
               .last_modified = std::string(fetched.head.field("last-modified")),
               .checked_at = unix_now()});
}

void StoredPages::keep_agreed(const std::string& project, const ProjectPage& page) const {
    keep_own_page(store_, agreed_key(project), page, root_);
}

std::optional<KnownFile> StoredPages::known(const std::string& project, const std::string& filename) const {
    const auto entry = store_.find_ledger(index_.wheel_tree ? path_ledger_key(filename) : file_key(project, filename));
    if (!entry)
        return std::nullopt;
    return KnownFile{.digest = entry->digest,
                     .url = entry->source,
                     .size = entry->size,
                     .core_metadata = {.available = entry->metadata_available, .sha256 = entry->metadata},
                     .of_root = entry->grade == Grade::root};
}

} // namespace yizhan
