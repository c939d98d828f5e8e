#include "cache/log_rewrite.hpp"

#include "cache/blob_files.hpp"
#include "cache/changes.hpp"

#include <cstring>
#include <optional>
#include <string>
#include <utility>

namespace yizhan {
namespace {

constexpr std::size_t chunk = 1024 * 1024;
constexpr std::uint64_t lines_per_row = 4;
// Below this the log is under a MiB and read in a few milliseconds; rewriting it would save nothing.
constexpr std::uint64_t least_lines = 4096;

/// Collects lines and writes them a MiB at a time; the first error sticks.
class LineWriter {
  public:
    explicit LineWriter(ObjectsLog& log) : log_(log) {}

    /// False after an error.
    bool add(const Record& record) {
        lines_ += encode_line(record);
        ++count_;
        if (lines_.size() >= chunk)
            flush();
        return result_.has_value();
    }

    Result<std::uint64_t> finish() {
        flush();
        if (!result_)
            return std::unexpected(result_.error());
        return count_;
    }

  private:
    void flush() {
        if (result_)
            result_ = log_.append(lines_);
        lines_.clear();
    }

    ObjectsLog& log_;
    std::string lines_;
    std::uint64_t count_ = 0;
    Result<void> result_;
};

/// A row that cannot be read is left out: it was lost already.
Result<std::uint64_t> write_rows(const Catalog& catalog, ObjectsLog& log) {
    LineWriter out(log);
    auto scanned = catalog.scan(Family::blobs, "", [&](std::string_view key, std::string_view value) {
        const auto row = decode_blob(value);
        if (key.size() != Sha256::size || !row || !row->kept)
            return true;
        BlobRecord record{{}, row->size};
        std::memcpy(record.digest.bytes.data(), key.data(), Sha256::size);
        return out.add(record);
    });
    if (scanned)
        scanned = catalog.scan(Family::objects, "", [&](std::string_view key, std::string_view value) {
            const auto row = decode_object(value);
            return !row || out.add(ObjectRecord{row->digest, row->size, row->grade, std::string(key),
                                                std::string(row->source)});
        });
    if (scanned)
        scanned = catalog.scan(Family::pages, "", [&](std::string_view key, std::string_view value) {
            const auto row = decode_page(value);
            return !row || out.add(PageRecord{std::string(key), row->document, row->size});
        });
    if (!scanned)
        return std::unexpected(scanned.error());
    return out.finish();
}

} // namespace

std::filesystem::path log_path(const std::filesystem::path& data) {
    return data / "objects.log";
}

std::filesystem::path fresh_log_path(const std::filesystem::path& data) {
    return data / "objects.log.new";
}

Result<RewrittenLog> rewrite_log(Catalog& catalog, const std::filesystem::path& data, const StepHook& hook) {
    const auto target = log_path(data);
    const auto fresh = fresh_log_path(data);
    if (auto hooked = before(hook, CommitStep::rewrite_log, "cannot rewrite " + target.string()); !hooked)
        return std::unexpected(hooked.error());
    auto log = ObjectsLog::create(fresh);
    if (!log)
        return std::unexpected(log.error());
    const auto lines = write_rows(catalog, *log);
    if (!lines)
        return std::unexpected(lines.error());
    auto done = log->sync();
    if (done)
        done = before(hook, CommitStep::replace_log, "cannot replace " + target.string());
    if (done)
        done = log->rename(target);
    if (done)
        done = sync_folder(data);
    if (!done)
        return std::unexpected(done.error());
    RewrittenLog out{std::move(*log), {}};
    out.position = {.generation = out.log.generation(), .offset = out.log.end(), .lines = *lines, .clean = false};
    auto changes = Changes::start(catalog);
    if (!changes)
        return std::unexpected(changes.error());
    if (auto written = catalog.write(changes->finish(out.position), Catalog::Sync::yes); !written)
        return std::unexpected(written.error());
    return out;
}

bool overlong(const LogPosition& position, const Totals& totals) {
    const auto rows = totals.blobs + totals.objects + totals.documents;
    return position.lines > least_lines && position.lines / lines_per_row > rows;
}

} // namespace yizhan
