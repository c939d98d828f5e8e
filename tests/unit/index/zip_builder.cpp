#include "tests/unit/index/zip_builder.hpp"

#include <zlib.h>

#include <utility>

namespace yizhan::test {
namespace {

void add(std::string& out, std::size_t width, std::uint64_t value) {
    for (std::size_t i = 0; i < width; ++i)
        out += static_cast<char>(value >> (8 * i) & 0xff);
}

void add_common(std::string& out, const Member& member) {
    add(out, 2, member.flags);
    add(out, 2, member.method);
    add(out, 4, 0); // time and date
    add(out, 4, member.crc);
    add(out, 4, member.data.size());
    add(out, 4, member.size);
    add(out, 2, member.name.size());
}

std::string local_header(Member member) {
    const auto data = member.data;
    if (member.local)
        member.local(member);
    std::string out = "PK\3\4";
    add(out, 2, 20);
    add_common(out, member);
    add(out, 2, member.local_extra.size());
    return out + member.name + member.local_extra + data;
}

std::string directory_entry(const Member& member, std::uint64_t offset) {
    std::string out = "PK\1\2";
    add(out, 2, 20);
    add(out, 2, 20);
    add_common(out, member);
    add(out, 2, member.extra.size());
    add(out, 2, 0); // comment
    add(out, 2, 0); // disk
    add(out, 6, 0); // attributes
    add(out, 4, offset);
    return out + member.name + member.extra;
}

std::string zip64_records(std::uint64_t entries, std::uint64_t size, std::uint64_t offset) {
    std::string out = "PK\6\6";
    add(out, 8, 44);
    add(out, 4, 45);
    add(out, 8, 0);
    add(out, 8, entries);
    add(out, 8, entries);
    add(out, 8, size);
    add(out, 8, offset);
    return out;
}

} // namespace

void put(std::string& bytes, std::size_t offset, std::size_t width, std::uint64_t value) {
    std::string little;
    add(little, width, value);
    bytes.replace(offset, width, little);
}

std::string deflate(std::string_view content) {
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, content.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

Member member(std::string name, std::string_view content, Packing packing) {
    Member out;
    out.name = std::move(name);
    out.data = packing == Packing::deflated ? deflate(content) : std::string(content);
    out.size = content.size();
    out.crc = static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()));
    out.method = packing == Packing::deflated ? 8 : 0;
    return out;
}

std::string Archive::bytes() const {
    std::string out = prefix;
    std::string entries;
    for (const auto& each : members) {
        entries += directory_entry(each, out.size() - prefix.size());
        out += local_header(each);
    }
    out += gap;
    if (directory)
        directory(entries);
    const std::uint64_t offset = out.size() - prefix.size();
    out += entries;
    if (zip64) {
        const auto at = out.size();
        auto record = zip64_records(members.size(), entries.size(), offset);
        if (end64)
            end64(record);
        out += record + "PK\6\7";
        add(out, 4, 0);
        add(out, 8, at);
        add(out, 4, 1);
    }
    std::string last = "PK\5\6";
    add(last, 4, 0);
    add(last, 2, zip64 ? 0xffff : members.size());
    add(last, 2, zip64 ? 0xffff : members.size());
    add(last, 4, zip64 ? 0xffffffff : entries.size());
    add(last, 4, zip64 ? 0xffffffff : offset);
    add(last, 2, comment.size());
    if (end)
        end(last);
    return out + last + comment;
}

} // namespace yizhan::test
