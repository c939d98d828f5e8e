#include "index/wheel_metadata.hpp"

#include "index/ascii.hpp"
#include "index/html_text.hpp"
#include "index/names.hpp"
#include "index/version.hpp"

#include <algorithm>
#include <utility>

namespace yizhan {
namespace {

// Directory and METADATA of a wheel of up to some 400 files lie in it; a comment of more than this is no wheel's.
constexpr std::uint64_t tail_size = 64UL * 1024;
// Archivers put the .dist-info folder last (PEP 427), and of its files only RECORD is large: packed, the 32 bytes of a
// digest and little of a path for each entry, for which the directory has some 130. So what stands before a large
// directory is asked for with it: where METADATA is there, no question is left.
constexpr std::uint64_t record_share = 2;
// Local extra fields hold times and owners: some 30 bytes.
constexpr std::uint64_t header_slack = 1024;

constexpr std::string_view folder_suffix = ".dist-info";
constexpr std::string_view member_suffix = ".dist-info/METADATA";

bool same_version(std::string_view a, std::string_view b) {
    const auto left = Version::parse(a);
    const auto right = Version::parse(b);
    return left && right ? *left == *right : a == b;
}

// "torch-1.9.0+cu102.dist-info": name and version as in wheel names, '-' between them only.
bool fits_wheel(std::string_view folder, const Distribution& wheel) {
    const auto stem = folder.substr(0, folder.size() - folder_suffix.size());
    const auto dash = stem.find('-');
    if (dash == std::string_view::npos || normalized_name(stem.substr(0, dash)) != wheel.name)
        return false;
    std::string version(stem.substr(dash + 1));
    if (!Version::parse(version))
        std::ranges::replace(version, '_', '-');
    return same_version(version, wheel.version);
}

// The one ".dist-info" folder at the top, and METADATA in it, whatever their case: some clients unpack onto file
// systems that know none.
Result<ZipEntry> find_metadata(const std::vector<ZipEntry>& entries, const Distribution& wheel) {
    std::string_view folder;
    const ZipEntry* found = nullptr;
    for (const auto& entry : entries) {
        const auto slash = entry.name.find('/');
        const auto top = entry.name.substr(0, slash);
        if (slash == std::string_view::npos || !ascii::ends_with(top, folder_suffix))
            continue;
        if (folder.empty())
            folder = top;
        if (top != folder)
            return fail(Errc::protocol, "the wheel has two .dist-info folders");
        if (!ascii::is(entry.name.substr(slash), "/metadata"))
            continue;
        if (found || !entry.name.ends_with(member_suffix))
            return fail(Errc::protocol, "the wheel has a second METADATA, or one in another case");
        found = &entry;
    }
    if (!found)
        return fail(Errc::not_found, "the wheel has no .dist-info/METADATA");
    if (!fits_wheel(folder, wheel))
        return fail(Errc::protocol, "the wheel's " + one_line(folder.substr(0, 300)) + " does not fit its file name");
    return *found;
}

Result<void> check_identity(std::string_view metadata, const Distribution& wheel) {
    const auto name = metadata_field(metadata, "name");
    const auto version = metadata_field(metadata, "version");
    if (!name || !version)
        return fail(Errc::protocol, "the wheel's METADATA has no Name or no Version");
    if (normalized_name(*name) != wheel.name || !same_version(*version, wheel.version))
        return fail(Errc::protocol, "the wheel's METADATA is that of " + one_line(name->substr(0, 100)) + ' ' +
                                        one_line(version->substr(0, 100)) + ", not of " + wheel.name + ' ' +
                                        wheel.version);
    return {};
}

} // namespace

WheelMetadataReader::WheelMetadataReader(std::uint64_t size, std::string_view filename) : size_(size) {
    auto wheel = parse_wheel_filename(filename);
    if (!wheel) {
        stop({Errc::invalid, "\"" + one_line(filename.substr(0, 255)) + "\" is no wheel's name", {}});
        return;
    }
    wheel_ = std::move(*wheel);
    const auto tail = std::min(size, tail_size);
    window_offset_ = size - tail;
    if (tail == 0)
        stop({Errc::protocol, "the wheel is empty", {}});
    else
        ask(Stage::tail, {window_offset_, tail});
}

void WheelMetadataReader::ask(Stage stage, ByteRange range) {
    stage_ = stage;
    step_ = range;
}

std::string_view WheelMetadataReader::held(ByteRange range) const {
    return std::string_view(window_).substr(static_cast<std::size_t>(range.offset - window_offset_),
                                            static_cast<std::size_t>(range.size));
}

void WheelMetadataReader::feed(std::string_view bytes) {
    const auto* const wanted = std::get_if<ByteRange>(&step_);
    if (!wanted)
        return;
    if (bytes.size() != wanted->size)
        return stop(
            {Errc::protocol,
             "asked for " + std::to_string(wanted->size) + " bytes of the wheel, got " + std::to_string(bytes.size()),
             {}});
    switch (stage_) {
    case Stage::tail:
        window_ = bytes;
        return read_end();
    case Stage::directory:
        window_offset_ = wanted->offset;
        window_.insert(0, bytes);
        return read_directory();
    case Stage::member:
        return read_member(bytes);
    }
}

void WheelMetadataReader::read_end() {
    auto end = find_zip_end(window_, size_);
    if (!end)
        return stop(std::move(end.error()));
    end_ = *end;
    if (end_.directory.offset < window_offset_) {
        const auto before = std::min(end_.directory.offset, tail_size + end_.directory.size / record_share);
        const auto begin = end_.directory.offset - before;
        return ask(Stage::directory, {begin, window_offset_ - begin});
    }
    read_directory();
}

void WheelMetadataReader::read_directory() {
    find_member(held(end_.directory));
}

void WheelMetadataReader::find_member(std::string_view directory) {
    const auto entries = read_zip_directory(directory, end_);
    if (!entries)
        return stop(entries.error());
    const auto found = find_metadata(*entries, wheel_);
    if (!found)
        return stop(found.error());
    member_ = *found;
    member_name_ = member_.name;
    member_.name = member_name_;
    // Compressed text is never larger than it was but for some bytes per block.
    if (member_.compressed > max_metadata + header_slack)
        return stop({Errc::protocol, "the wheel's METADATA is larger than 1 MiB", {}});
    member_limit_ = end_.directory.offset;
    for (const auto& entry : *entries)
        if (entry.header > member_.header)
            member_limit_ = std::min(member_limit_, entry.header);
    const auto guess = member_.header + 30 + member_.name.size() + member_.compressed + header_slack;
    const ByteRange range{member_.header, std::min(guess, member_limit_) - member_.header};
    if (range.offset >= window_offset_)
        return read_member(held({range.offset, member_limit_ - range.offset}));
    ask(Stage::member, range);
}

void WheelMetadataReader::read_member(std::string_view bytes) {
    const auto data = zip_member_data(bytes, member_);
    if (!data)
        return stop(data.error());
    if (data->end() > member_limit_)
        return stop({Errc::protocol, "the wheel's METADATA overlaps what follows it", {}});
    if (data->end() > member_.header + bytes.size())
        return ask(Stage::member, {member_.header, data->end() - member_.header});
    const auto packed =
        bytes.substr(static_cast<std::size_t>(data->offset - member_.header), static_cast<std::size_t>(data->size));
    auto metadata = unpack_zip_member(packed, member_, max_metadata);
    if (!metadata)
        return stop(std::move(metadata.error()));
    if (auto good = check_identity(*metadata, wheel_); !good)
        return stop(std::move(good.error()));
    step_ = std::move(*metadata);
}

std::vector<std::string_view> metadata_fields(std::string_view metadata, std::string_view lower_case_name) {
    std::vector<std::string_view> out;
    while (!metadata.empty()) {
        auto line = metadata.substr(0, metadata.find('\n'));
        metadata.remove_prefix(std::min(line.size() + 1, metadata.size()));
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (line.empty())
            break;
        const auto colon = line.find(':');
        if (colon != std::string_view::npos && ascii::is(line.substr(0, colon), lower_case_name))
            out.push_back(ascii::trimmed(line.substr(colon + 1)));
    }
    return out;
}

std::optional<std::string_view> metadata_field(std::string_view metadata, std::string_view lower_case_name) {
    const auto fields = metadata_fields(metadata, lower_case_name);
    return fields.empty() ? std::nullopt : std::optional(fields.front());
}

} // namespace yizhan
