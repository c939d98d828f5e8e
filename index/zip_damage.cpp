#include "index/zip_damage.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

namespace yizhan {
namespace {

constexpr std::uint64_t buffer_size = 64UL * 1024;
constexpr std::size_t local_size = 30;
constexpr std::uint16_t encrypted = 1U << 0 | 1U << 6 | 1U << 13;
constexpr std::uint16_t sizes_follow = 1U << 3;
// Bytes of the record that then follows the data: CRC and two sizes of up to 8 bytes, behind a signature or not.
constexpr std::uint64_t descriptor_most = 24;
constexpr std::uint16_t stored = 0;
constexpr std::uint16_t deflated = 8;

using Buffer = std::array<char, buffer_size>;

Bytef* bytes_of(char* data) {
    return reinterpret_cast<Bytef*>(data);
}

// What the data of one member unpack to, without keeping it: its size and CRC-32 are all that is wanted.
class Unpacked {
  public:
    Unpacked(const ZipEntry& entry, Buffer& out) : entry_(entry), out_(out) {
        if (entry.method == deflated)
            inflating_ = inflateInit2(&stream_, -MAX_WBITS) == Z_OK;
    }
    ~Unpacked() {
        if (inflating_)
            inflateEnd(&stream_);
    }
    Unpacked(const Unpacked&) = delete;
    Unpacked& operator=(const Unpacked&) = delete;

    /// False once it cannot become what the directory says, whatever follows.
    bool add(std::span<char> packed) { return entry_.method == stored ? count(packed) : inflate_all(packed); }

    bool is_right() const { return size_ == entry_.size && crc_ == entry_.crc && (entry_.method == stored || ended_); }

  private:
    bool count(std::span<const char> content) {
        if (content.size() > entry_.size - size_)
            return false;
        size_ += content.size();
        crc_ = crc32_z(crc_, reinterpret_cast<const Bytef*>(content.data()), content.size());
        return true;
    }

    bool inflate_all(std::span<char> packed) {
        if (!inflating_ || ended_)
            return false; // bytes behind the stream's end
        stream_.next_in = bytes_of(packed.data());
        stream_.avail_in = static_cast<uInt>(packed.size());
        do {
            stream_.next_out = bytes_of(out_.data());
            stream_.avail_out = static_cast<uInt>(out_.size());
            const auto result = inflate(&stream_, Z_NO_FLUSH);
            ended_ = result == Z_STREAM_END;
            if (result != Z_OK && result != Z_BUF_ERROR && !ended_)
                return false;
            if (!count(std::span(out_).first(out_.size() - stream_.avail_out)))
                return false;
        } while (!ended_ && stream_.avail_out == 0);
        return stream_.avail_in == 0;
    }

    const ZipEntry& entry_;
    Buffer& out_;
    z_stream stream_{};
    bool inflating_ = false;
    bool ended_ = false;
    std::uint64_t size_ = 0;
    uLong crc_ = 0;
};

class Search {
  public:
    Search(const ReadZip& read, const ZipEnd& end, std::vector<ZipEntry> entries, std::uint64_t size)
        : read_(read), end_(end), entries_(std::move(entries)), size_(size) {
        std::ranges::sort(entries_, {}, &ZipEntry::header);
    }

    Result<std::vector<ByteRange>> run() {
        const ByteRange directory{end_.directory.offset, size_ - end_.directory.offset};
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            const auto next = i + 1 < entries_.size() ? entries_[i + 1].header : directory.offset;
            if (auto read = look_at(entries_[i], next); !read)
                return std::unexpected(std::move(read.error()));
        }
        const bool all_right = damaged_.empty();
        auto out = std::move(all_right ? unproved_ : damaged_);
        if (all_right || directory_doubted_)
            add(out, directory);
        return out;
    }

  private:
    // `next`: where something else begins.
    Result<void> look_at(const ZipEntry& entry, std::uint64_t next) {
        const auto data = find_data(entry, next);
        if (!data)
            return std::unexpected(data.error());
        if (!*data) { // it is described in two ways, either of which may be the wrong one
            directory_doubted_ = true;
            add(damaged_, {entry.header, next - entry.header});
            return {};
        }
        const bool follow = (entry.flags & sizes_follow) != 0;
        const auto end = std::min(next, (*data)->end() + (follow ? descriptor_most : 0));
        const ByteRange place{entry.header, end - entry.header};
        if ((entry.flags & encrypted) != 0 || (entry.method != stored && entry.method != deflated)) {
            add(unproved_, place);
        } else if (const auto right = checks_out(entry, **data); !right) {
            return std::unexpected(right.error());
        } else if (!*right) {
            directory_doubted_ |= follow; // it alone has told the CRC
            add(damaged_, place);
        }
        if (end < next)
            add(unproved_, {end, next - end});
        return {};
    }

    // Nothing where the local header is not what the directory says.
    Result<std::optional<ByteRange>> find_data(const ZipEntry& entry, std::uint64_t next) {
        std::string header(local_size + entry.name.size(), '\0');
        for (;;) {
            if (auto read = read_(entry.header, header); !read)
                return std::unexpected(std::move(read.error()));
            const auto data = zip_member_data(header, entry);
            if (!data || data->end() > next)
                return std::nullopt;
            const auto whole = static_cast<std::size_t>(data->offset - entry.header);
            if (whole <= header.size())
                return *data;
            header.resize(whole); // with its extra fields: 128 KiB at most
        }
    }

    Result<bool> checks_out(const ZipEntry& entry, ByteRange data) {
        Unpacked unpacked(entry, out_);
        while (data.size > 0) {
            const auto part = std::span(in_).first(std::min<std::uint64_t>(data.size, in_.size()));
            if (auto read = read_(data.offset, part); !read)
                return std::unexpected(std::move(read.error()));
            if (!unpacked.add(part))
                return false;
            data.offset += part.size();
            data.size -= part.size();
        }
        return unpacked.is_right();
    }

    static void add(std::vector<ByteRange>& ranges, ByteRange range) {
        if (!ranges.empty() && ranges.back().end() == range.offset)
            ranges.back().size += range.size;
        else
            ranges.push_back(range);
    }

    const ReadZip& read_;
    ZipEnd end_;
    std::vector<ZipEntry> entries_;
    std::uint64_t size_;
    Buffer in_{}, out_{};
    std::vector<ByteRange> damaged_, unproved_;
    bool directory_doubted_ = false;
};

// Refused beforehand: half a search would tell nothing.
Result<void> check_unpacked_size(const std::vector<ZipEntry>& entries) {
    auto left = max_zip_unpacked;
    for (const auto& entry : entries) {
        if (entry.size > left)
            return fail(Errc::protocol, "the archive says that it unpacks to more than 16 GiB");
        left -= entry.size;
    }
    return {};
}

} // namespace

Result<std::vector<ByteRange>> find_zip_damage(std::uint64_t size, const ReadZip& read) {
    std::string tail(static_cast<std::size_t>(std::min(size, buffer_size)), '\0');
    if (auto got = read(size - tail.size(), tail); !got)
        return std::unexpected(std::move(got.error()));
    const auto end = find_zip_end(tail, size);
    if (!end)
        return std::unexpected(end.error());
    std::string directory(static_cast<std::size_t>(end->directory.size), '\0');
    if (auto got = read(end->directory.offset, directory); !got)
        return std::unexpected(std::move(got.error()));
    auto entries = read_zip_directory(directory, *end);
    if (!entries)
        return std::unexpected(std::move(entries.error()));
    if (auto fits = check_unpacked_size(*entries); !fits)
        return std::unexpected(std::move(fits.error()));
    return std::make_unique<Search>(read, *end, std::move(*entries), size)->run();
}

} // namespace yizhan
