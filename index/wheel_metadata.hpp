// METADATA out of a wheel that is somewhere else: asks for byte ranges, and does no I/O itself.
#pragma once

#include "config/error.hpp"
#include "index/filename.hpp"
#include "index/zip.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace yizhan {

/// Bytes of METADATA beyond which none is read. A long README makes 200 KB.
inline constexpr std::uint64_t max_metadata = 1024UL * 1024;

/// Reads `<name>-<version>.dist-info/METADATA` of one wheel in one to four ranges: the last 64 KiB (mostly enough),
/// the rest of the directory with what stands before it (where archivers put METADATA), the member itself, the member
/// again where its local header is unusually long.
///
///     while (auto* range = std::get_if<ByteRange>(&reader.next()))
///         reader.feed(read(*range));
///
/// A value type for one thread at a time.
class WheelMetadataReader {
  public:
    /// What is to be done: fetch these bytes and feed them; or: this is METADATA, byte by byte; or: why there is none
    /// (`protocol`: the archive is broken, hostile or not that wheel; `not_found`: it has no METADATA).
    using Step = std::variant<ByteRange, std::string, Error>;

    /// `size`: of the wheel in bytes. `filename` says whose METADATA is to be found.
    WheelMetadataReader(std::uint64_t size, std::string_view filename);

    const Step& next() const { return step_; }

    /// Takes exactly the bytes of the range that next() asks for; fewer or more end it with an error.
    void feed(std::string_view bytes);

  private:
    enum class Stage { tail, directory, member };

    void read_end();
    void read_directory();
    void find_member(std::string_view directory);
    void read_member(std::string_view bytes);
    void ask(Stage stage, ByteRange range);
    void stop(Error error) { step_ = std::move(error); }
    std::string_view held(ByteRange range) const;

    Step step_;
    Stage stage_ = Stage::tail;
    std::uint64_t size_ = 0;
    Distribution wheel_;
    std::string window_; ///< the end of the file, as far as it has been fetched
    std::uint64_t window_offset_ = 0;
    ZipEnd end_;
    ZipEntry member_;
    std::string member_name_;        ///< what member_.name points to
    std::uint64_t member_limit_ = 0; ///< where the next member or the directory begins
};

/// The values of the header fields of that name in METADATA (PEP 566: e-mail headers), without regard to case, up to
/// the first empty line.
std::vector<std::string_view> metadata_fields(std::string_view metadata, std::string_view lower_case_name);

/// The first of them; nullopt where there is none.
std::optional<std::string_view> metadata_field(std::string_view metadata, std::string_view lower_case_name);

} // namespace yizhan
