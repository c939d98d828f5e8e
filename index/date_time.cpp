#include "index/date_time.hpp"

#include "index/ascii.hpp"
#include "index/links.hpp"

#include <charconv>
#include <chrono>

namespace yizhan {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::year;

/// The digits at `at`; the shape was looked at before.
UnixTime number(std::string_view text, std::size_t at, std::size_t digits) {
    UnixTime out = 0;
    std::from_chars(text.data() + at, text.data() + at + digits, out);
    return out;
}

std::optional<UnixTime> start_of_day(std::string_view text) {
    const std::chrono::year_month_day date{year(static_cast<int>(number(text, 0, 4))),
                                           month(static_cast<unsigned>(number(text, 5, 2))),
                                           day(static_cast<unsigned>(number(text, 8, 2)))};
    if (!date.ok())
        return std::nullopt;
    return std::chrono::sys_seconds(std::chrono::sys_days(date)).time_since_epoch().count();
}

bool is_date(std::string_view text) {
    return text.size() == 10 && text[4] == '-' && text[7] == '-' && ascii::all_digits(text.substr(0, 4)) &&
           ascii::all_digits(text.substr(5, 2)) && ascii::all_digits(text.substr(8));
}

/// Seconds that local time is ahead of UTC: of "…Z" none.
std::optional<UnixTime> offset_of(std::string_view text) {
    if (text.back() == 'Z')
        return 0;
    const auto sign = text[text.size() - 6];
    const auto hours = number(text, text.size() - 5, 2);
    const auto minutes = number(text, text.size() - 2, 2);
    if (hours > 23 || minutes > 59)
        return std::nullopt;
    return (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

} // namespace

std::optional<UnixTime> parse_date_time(std::string_view text) {
    if (is_date(text))
        return start_of_day(text);
    if (!is_upload_time(text))
        return std::nullopt;
    const auto hours = number(text, 11, 2);
    const auto minutes = number(text, 14, 2);
    const auto seconds = number(text, 17, 2);
    const auto begin = start_of_day(text);
    const auto offset = offset_of(text);
    if (!begin || !offset || hours > 23 || minutes > 59 || seconds > 60) // 60: a leap second
        return std::nullopt;
    return *begin + hours * 3600 + minutes * 60 + seconds - *offset;
}

} // namespace yizhan
