#include "tests/origin/wheel.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>

namespace yizhan::origin {

namespace {

void put(std::string& out, std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) {
        out += static_cast<char>((value >> (8 * i)) & 0xffU);
    }
}

/// What a local header and a central directory entry have in common (APPNOTE.TXT 4.3.7 and 4.3.12). The date is
/// 1980-01-01, zip's first day.
std::string shared_header(const Member& member, std::uint64_t packed_size) {
    std::string out;
    put(out, 20, 2);     // version needed
    put(out, 0x0800, 2); // names are UTF-8
    put(out, member.deflated ? Z_DEFLATED : 0, 2);
    put(out, 0, 2);
    put(out, 0x0021, 2);
    put(out, member.body.crc32(), 4);
    put(out, packed_size, 4);
    put(out, member.body.size(), 4);
    put(out, member.name.size(), 2);
    put(out, 0, 2); // no extra field
    return out;
}

/// Without zlib's own head and end, as zip has it.
Body deflated(const Body& body) {
    std::string in = body.str();
    std::string out(compressBound(in.size()), '\0');
    z_stream stream{};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::runtime_error("zlib does not start");
    }
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = ::deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (result != Z_STREAM_END) {
        throw std::runtime_error("zlib needs more room than it said");
    }
    return Body::text(std::move(out));
}

/// RECORD's spelling: url-safe base64 without padding (PEP 376, PEP 427).
std::string record_hash(const Body& body) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const std::string& hex = body.sha256();
    std::string out;
    unsigned bits = 0, held = 0;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        bits = bits << 8U | static_cast<unsigned>(std::stoul(hex.substr(i, 2), nullptr, 16));
        for (held += 8; held >= 6; held -= 6) {
            out += alphabet[bits >> (held - 6) & 63U];
        }
    }
    return out + alphabet[bits << (6 - held) & 63U];
}

std::string escaped(std::string name) { // PEP 427: '-' separates the parts of a file name
    std::ranges::replace(name, '-', '_');
    std::ranges::replace(name, '.', '_');
    return name;
}

} // namespace

Body make_zip(const std::vector<Member>& members) {
    std::vector<Body> parts;
    std::string directory;
    std::uint64_t offset = 0;
    for (const Member& member : members) {
        const Body packed = member.deflated ? deflated(member.body) : member.body;
        const std::string header = shared_header(member, packed.size());
        const std::string local = "PK\x03\x04" + header + member.name;
        directory += "PK\x01\x02";
        put(directory, 0x0314, 2); // made on Unix
        directory += header;
        put(directory, 0, 2 + 2 + 2); // comment, disk, internal attributes
        put(directory, std::uint64_t{0100644} << 16U, 4);
        put(directory, offset, 4);
        directory += member.name;
        offset += local.size() + packed.size();
        parts.push_back(Body::text(local));
        parts.push_back(packed);
    }
    if (offset + directory.size() > UINT32_MAX) {
        throw std::length_error("make_zip: more than 4 GiB");
    }
    const std::size_t directory_size = directory.size();
    directory += "PK\x05\x06";
    put(directory, 0, 4);
    put(directory, members.size(), 2);
    put(directory, members.size(), 2);
    put(directory, directory_size, 4);
    put(directory, offset, 4);
    put(directory, 0, 2);
    parts.push_back(Body::text(directory));
    return Body::concat(parts);
}

Wheel make_wheel(const std::string& name, const std::string& version, const WheelOptions& options) {
    Wheel wheel;
    const std::string package = escaped(name);
    const std::string info = package + "-" + version + ".dist-info/";
    wheel.filename = fmt::format("{}-{}-{}.whl", package, version, options.tag);
    wheel.metadata =
        fmt::format("Metadata-Version: 2.1\nName: {}\nVersion: {}\nSummary: made by the test origin\n", name, version);
    if (!options.requires_python.empty()) {
        wheel.metadata += "Requires-Python: " + options.requires_python + "\n";
    }
    for (const std::string& requirement : options.requires_dist) {
        wheel.metadata += "Requires-Dist: " + requirement + "\n";
    }
    std::vector<Member> members{{package + "/__init__.py", Body::text(fmt::format("__version__ = \"{}\"\n", version))}};
    const bool several = options.files > 1;
    if (several) {
        const Body part = Body::random(options.seed, options.size / options.files + 1);
        for (unsigned i = 0; i < options.files; ++i) {
            members.push_back({fmt::format("{}/include/ATen/native/transformers/cuda/mem_eff_attention/gemm/"
                                           "mma_multistage_{:05}.h",
                                           package, i),
                               part});
        }
    } else if (options.size > 0) {
        members.push_back({package + "/data.bin", Body::random(options.seed, options.size)});
    }
    members.insert(members.end(), options.members.begin(), options.members.end());
    members.push_back({info + "METADATA", Body::text(wheel.metadata)});
    members.push_back(
        {info + "WHEEL", Body::text(fmt::format("Wheel-Version: 1.0\nGenerator: origin 1\nRoot-Is-Purelib: true\n"
                                                "Tag: {}\n",
                                                options.tag))});
    std::string record;
    for (const Member& member : members) {
        record += fmt::format("{},sha256={},{}\n", member.name, record_hash(member.body), member.body.size());
    }
    members.push_back({info + "RECORD", Body::text(record + info + "RECORD,,\n"), several});
    wheel.body = make_zip(members);
    return wheel;
}

} // namespace yizhan::origin
