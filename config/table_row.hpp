// Reading one row of a table: every field with its place, the first mistake kept.
#pragma once

#include "config/csv.hpp"
#include "config/error.hpp"
#include "config/hardware.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yizhan {

enum class Confidence { high, medium, low };

/// Where a row comes from, how sure it is, and what people should know of it.
struct Evidence {
    Confidence confidence = Confidence::high;
    std::string source;
    std::string note;
};

/// A row under way. Columns are positions; after the first mistake values are defaults, and `problem` says which it
/// was:
/// "<file>:line:column: what; what was expected".
class TableRow {
  public:
    TableRow(std::string_view file, const CsvRow& fields, std::span<const std::string_view> columns)
        : file_(file), fields_(fields), columns_(columns) {}

    const std::string& text(std::size_t column) const { return fields_[column].text; }
    const std::string& required(std::size_t column);
    std::vector<std::string> words(std::size_t column) const;
    bool yes(std::size_t column); ///< "yes" or nothing

    /// A dotted number of one to four parts, as releases have: "1.10.0".
    std::string release(std::size_t column);

    std::optional<DriverVersion> driver(std::size_t column); ///< nullopt: empty
    CudaVersion cuda_tag(std::size_t column);
    std::optional<CudaVersion> cuda(std::size_t column); ///< nullopt: empty
    std::vector<CudaVersion> cuda_tags(std::size_t column);
    ComputeCapability capability(std::size_t column);
    std::vector<KernelCode> code(std::size_t column);

    /// Reads the columns called confidence, source and, where there is one, note.
    Evidence evidence();

    void complain(std::size_t column, std::string_view what);
    const std::optional<Error>& problem() const { return problem_; }

  private:
    std::string_view file_;
    const CsvRow& fields_;
    std::span<const std::string_view> columns_;
    std::optional<Error> problem_;
};

/// Less, equal or greater number by number: "1.9.0" stands before "1.10.0". For dotted numbers only.
std::strong_ordering compare_releases(std::string_view a, std::string_view b);

} // namespace yizhan
