#include "index/zip.hpp"

#include "index/zip_bytes.hpp"

#include <algorithm>

namespace yizhan {
namespace {

using namespace zip_bytes;
using namespace std::string_view_literals;

constexpr auto end_signature = "PK\5\6"sv;
constexpr auto locator_signature = "PK\6\7"sv;
constexpr auto end64_signature = "PK\6\6"sv;
constexpr auto entry_signature = "PK\1\2"sv;
constexpr std::size_t end_size = 22;
constexpr std::size_t locator_size = 20;
constexpr std::size_t end64_size = 56;
constexpr std::size_t entry_size = 46;
constexpr std::uint32_t in_zip64 = 0xffffffff; ///< a 32-bit field whose value stands in the ZIP64 record

std::unexpected<Error> refused(std::string_view what) {
    return fail(Errc::protocol, "the wheel is no ZIP archive that all tools read alike: " + std::string(what));
}

// Offset of the one end record whose comment reaches exactly to the end of the file.
Result<std::size_t> find_end_record(std::string_view tail) {
    if (tail.size() < end_size)
        return refused("it is too short");
    std::optional<std::size_t> found;
    for (auto at = tail.rfind(end_signature, tail.size() - end_size); at != std::string_view::npos;
         at = at == 0 ? std::string_view::npos : tail.rfind(end_signature, at - 1)) {
        if (at + end_size + u16(tail, at + 20) == tail.size()) {
            if (found)
                return refused("it has two end records");
            found = at;
        }
    }
    if (!found)
        return refused("it has no end record where one belongs, so it is cut off or has bytes after its end");
    if (tail.find(end_signature, *found + 4) != std::string_view::npos)
        return refused("its comment holds another end record");
    return *found;
}

struct EndFields {
    std::uint64_t disk = 0, directory_disk = 0, entries_here = 0, entries = 0, size = 0, offset = 0;
};

// Every plain field must be its ZIP64 value or the mark that says "look there".
bool agree(const EndFields& plain, const EndFields& zip64) {
    const auto fits = [](std::uint64_t small, std::uint64_t large, std::uint64_t mark) {
        return small == large || small == mark;
    };
    return fits(plain.disk, zip64.disk, 0xffff) && fits(plain.directory_disk, zip64.directory_disk, 0xffff) &&
           fits(plain.entries_here, zip64.entries_here, 0xffff) && fits(plain.entries, zip64.entries, 0xffff) &&
           fits(plain.size, zip64.size, in_zip64) && fits(plain.offset, zip64.offset, in_zip64);
}

// Reads the ZIP64 end record that the locator before `end` points to; `begin` becomes its offset in the file.
Result<EndFields> read_end64(std::string_view tail, std::size_t end, std::uint64_t tail_offset, std::uint64_t& begin) {
    const auto locator = end - locator_size;
    begin = u64(tail, locator + 8);
    if (u32(tail, locator + 4) != 0 || u32(tail, locator + 16) > 1)
        return refused("it is spread over several disks");
    if (begin < tail_offset || begin - tail_offset > locator || locator - (begin - tail_offset) < end64_size)
        return refused("its ZIP64 end record is not where its locator says");
    const auto at = static_cast<std::size_t>(begin - tail_offset);
    if (tail.substr(at, 4) != end64_signature || u64(tail, at + 4) != locator - at - 12)
        return refused("its ZIP64 end record is not where its locator says");
    return EndFields{u32(tail, at + 16), u32(tail, at + 20), u64(tail, at + 24),
                     u64(tail, at + 32), u64(tail, at + 40), u64(tail, at + 48)};
}

Result<void> check_names(const std::vector<ZipEntry>& entries) {
    std::vector<std::string_view> names;
    names.reserve(entries.size());
    for (const auto& entry : entries) {
        // Readers cut a name at NUL, or turn '\' into '/', and then see another name than we do.
        if (entry.name.empty() || entry.name.find('\0') != std::string_view::npos ||
            entry.name.find('\\') != std::string_view::npos)
            return refused("a member's name is empty or holds NUL or a backslash");
        names.push_back(entry.name);
    }
    std::ranges::sort(names);
    if (std::ranges::adjacent_find(names) != names.end())
        return refused("two members have the same name");
    return {};
}

Result<void> check_layout(const std::vector<ZipEntry>& entries, const ZipEnd& end) {
    std::vector<ByteRange> places;
    places.reserve(entries.size());
    for (const auto& entry : entries) {
        // 30 bytes of local header; it may have further extra fields, which only makes the member longer.
        if (entry.header > end.directory.offset || entry.compressed > end.directory.offset)
            return refused("a member lies outside the archive");
        places.push_back({entry.header, 30 + entry.name.size() + entry.compressed});
    }
    std::ranges::sort(places, {}, &ByteRange::offset);
    std::uint64_t free = 0;
    for (const auto& place : places) {
        if (place.offset < free)
            return refused("two members overlap");
        free = place.end();
    }
    if (free > end.directory.offset)
        return refused("a member reaches into the directory");
    if (!places.empty() && places.front().offset != 0)
        return refused("there are bytes before its first member");
    return {};
}

// Takes the values that do not fit 32 bits out of the ZIP64 extra field, in the order that APPNOTE 4.5.3 fixes.
bool read_zip64_extra(ZipEntry& entry, std::string_view extra) {
    if (entry.size != in_zip64 && entry.compressed != in_zip64 && entry.header != in_zip64)
        return true;
    const auto field = extra_field(extra, zip64_extra);
    if (!field)
        return false;
    std::size_t at = 0;
    for (auto* const value : {&entry.size, &entry.compressed, &entry.header}) {
        if (*value != in_zip64)
            continue;
        if (field->size() < at + 8)
            return false;
        *value = u64(*field, at);
        at += 8;
    }
    return true;
}

Result<ZipEntry> read_entry(std::string_view& rest) {
    if (rest.size() < entry_size || !rest.starts_with(entry_signature))
        return refused("its directory has fewer entries than it claims");
    const std::size_t name_size = u16(rest, 28);
    const std::size_t extra_size = u16(rest, 30);
    const std::size_t total = entry_size + name_size + extra_size + u16(rest, 32);
    if (rest.size() < total)
        return refused("its directory is cut off");
    ZipEntry out{.name = rest.substr(entry_size, name_size),
                 .header = u32(rest, 42),
                 .compressed = u32(rest, 20),
                 .size = u32(rest, 24),
                 .crc = u32(rest, 16),
                 .method = u16(rest, 10),
                 .flags = u16(rest, 8)};
    const auto extra = rest.substr(entry_size + name_size, extra_size);
    if (u16(rest, 34) != 0)
        return refused("it is spread over several disks");
    if (!read_zip64_extra(out, extra))
        return refused("a ZIP64 field is missing");
    // Some readers take a member's name from here. Harmless while it cannot make a second METADATA.
    if (const auto path = extra_field(extra, unicode_path_extra);
        path && path->size() > 5 && path->substr(5) != out.name && path->find(".dist-info") != std::string_view::npos)
        return refused("a member has a second name");
    rest.remove_prefix(total);
    return out;
}

} // namespace

Result<ZipEnd> find_zip_end(std::string_view tail, std::uint64_t file_size) {
    const auto found = find_end_record(tail);
    if (!found)
        return std::unexpected(found.error());
    const auto end = *found;
    const std::uint64_t tail_offset = file_size - tail.size();
    EndFields fields{u16(tail, end + 4),  u16(tail, end + 6),  u16(tail, end + 8),
                     u16(tail, end + 10), u32(tail, end + 12), u32(tail, end + 16)};
    std::uint64_t directory_end = tail_offset + end;
    if (end >= locator_size && tail.substr(end - locator_size, 4) == locator_signature) {
        const auto fields64 = read_end64(tail, end, tail_offset, directory_end);
        if (!fields64)
            return std::unexpected(fields64.error());
        if (!agree(fields, *fields64))
            return refused("its end record and its ZIP64 end record contradict each other");
        fields = *fields64;
    }
    if (fields.disk != 0 || fields.directory_disk != 0 || fields.entries_here != fields.entries)
        return refused("it is spread over several disks");
    if (fields.entries > max_zip_entries || fields.size > max_zip_directory)
        return refused("its directory has more than 200,000 entries or 32 MiB, which no wheel has");
    if (fields.offset > directory_end || directory_end - fields.offset != fields.size)
        return refused("its directory does not end where the end record begins");
    return ZipEnd{.directory = {fields.offset, fields.size}, .entries = fields.entries};
}

Result<std::vector<ZipEntry>> read_zip_directory(std::string_view directory, const ZipEnd& end) {
    if (end.entries > directory.size() / entry_size)
        return refused("its directory has fewer entries than it claims");
    std::vector<ZipEntry> out;
    out.reserve(static_cast<std::size_t>(end.entries));
    while (out.size() < end.entries) {
        auto entry = read_entry(directory);
        if (!entry)
            return std::unexpected(std::move(entry.error()));
        out.push_back(*entry);
    }
    if (!directory.empty())
        return refused("its directory has more entries than it claims");
    if (auto good = check_names(out); !good)
        return std::unexpected(std::move(good.error()));
    if (auto good = check_layout(out, end); !good)
        return std::unexpected(std::move(good.error()));
    return out;
}

} // namespace yizhan
