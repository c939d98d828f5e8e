// What a client can read: the Accept of PEP 691 and Accept-Encoding (RFC 9110, 12.5).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace yizhan {

/// How a page of the index is written.
enum class PageFormat : std::uint8_t {
    html_legacy, ///< text/html: all that pip before 22.2 knows
    html_v1,     ///< application/vnd.pypi.simple.v1+html: the same bytes under another name
    json_v1,
};

enum class Encoding : std::uint8_t { identity, gzip, zstd };

/// The Content-Type to send.
std::string_view media_type(PageFormat format);

/// The format that a media type names ("latest" is v1), parameters ignored: for `?format=` and for what an upstream
/// sent. nullopt for others.
std::optional<PageFormat> page_format(std::string_view media_type);

/// The format with the highest q; among equals text/html, then v1+html, then JSON, as on PyPI. Nothing known in it,
/// nothing acceptable or no field at all: text/html. Several fields of that name are joined with ", " by the caller.
/// Only the first 8 KiB are read.
PageFormat negotiate_format(std::string_view accept);

/// The encoding with the highest q; among equals zstd, then gzip, where the client names them. Without the field, and
/// where nothing of it is known: identity.
Encoding negotiate_encoding(std::string_view accept_encoding);

/// The token that Content-Encoding carries; empty for identity.
std::string_view content_coding(Encoding encoding);

} // namespace yizhan
