#include "config/csv.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace yizhan {
namespace {

constexpr std::size_t most_bytes = 1 << 20; // the largest table there is has 30 KB
constexpr std::size_t most_rows = 10'000;
constexpr std::size_t most_fields = 64;

class Parser {
  public:
    Parser(std::string_view text, std::string_view name) : text_(text), name_(name) {}

    Result<std::vector<CsvRow>> rows() {
        std::vector<CsvRow> out;
        if (text_.size() > most_bytes)
            return complain("is over 1 MiB");
        while (at_ < text_.size()) {
            auto parsed = row();
            if (!parsed)
                return std::unexpected(parsed.error());
            if (!out.empty() && parsed->size() != out.front().size())
                return fail(Errc::invalid, fmt::format("{}:{}:1: has {} fields; the header has {}", name_,
                                                       parsed->front().line, parsed->size(), out.front().size()));
            if (out.size() == most_rows)
                return complain(fmt::format("more than {} rows", most_rows));
            out.push_back(std::move(*parsed));
        }
        return out;
    }

  private:
    bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }
    bool at_row_end() const { return at_ == text_.size() || at('\n') || text_.substr(at_, 2) == "\r\n"; }

    char take() {
        const char c = text_[at_++];
        column_ = c == '\n' ? 1 : column_ + 1;
        line_ += c == '\n' ? 1 : 0;
        return c;
    }

    std::unexpected<Error> complain(std::string what) const {
        return fail(Errc::invalid, fmt::format("{}:{}:{}: {}", name_, line_, column_, what));
    }

    Result<CsvRow> row() {
        CsvRow out;
        for (;;) {
            auto parsed = field();
            if (!parsed)
                return std::unexpected(parsed.error());
            out.push_back(std::move(*parsed));
            if (at_row_end())
                break;
            if (!at(','))
                return complain("expected a comma or the end of the row after a quoted field");
            if (out.size() == most_fields)
                return complain(fmt::format("more than {} fields", most_fields));
            take();
        }
        if (at('\r'))
            take();
        if (at('\n'))
            take();
        return out;
    }

    Result<CsvField> field() {
        CsvField out{"", line_, column_};
        if (at('"'))
            return quoted(std::move(out));
        while (!at_row_end() && !at(',')) {
            if (at('"'))
                return complain("a quote inside a field; quote the whole field and double it");
            if (at('\0') || at('\r'))
                return complain("a control byte");
            out.text += take();
        }
        return out;
    }

    Result<CsvField> quoted(CsvField out) {
        take();
        for (;;) {
            if (at_ == text_.size())
                return fail(Errc::invalid, fmt::format("{}:{}:{}: the quote that opens here is never closed", name_,
                                                       out.line, out.column));
            if (at('\0'))
                return complain("a control byte");
            const char c = take();
            if (c != '"') {
                out.text += c;
                continue;
            }
            if (!at('"'))
                return out;
            out.text += take();
        }
    }

    std::string_view text_;
    std::string_view name_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::size_t column_ = 1;
};

} // namespace

Result<std::vector<CsvRow>> parse_csv(std::string_view text, std::string_view name) {
    return Parser(text, name).rows();
}

} // namespace yizhan
