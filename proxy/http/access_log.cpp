#include "proxy/http/access_log.hpp"

#include "config/url.hpp"
#include "proxy/http/append.hpp"
#include "proxy/http/field_syntax.hpp"

#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <ctime>
#include <utility>

namespace yizhan {
namespace {

// A request line may be 8 KiB long; nobody reads more of it than this in a log.
constexpr std::size_t most_of_line = 1024;
// One message to the logger's thread: large enough to make its lock and wake-up vanish, small enough for its queue.
constexpr std::size_t most_collected = 32 * std::size_t{1024};
// Messages that may wait for standard output.
constexpr std::size_t queue = 1024;

/// "2024-05-04T03:02:01.123Z"; all but the milliseconds is rendered once a second on each core.
void append_time(std::string& out) {
    thread_local std::time_t rendered = -1;
    thread_local std::string text;
    std::timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now); // late by up to 4 ms, for a fifth of the price
    if (now.tv_sec != rendered) {
        rendered = now.tv_sec;
        std::tm utc{};
        ::gmtime_r(&rendered, &utc);
        text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                           utc.tm_hour, utc.tm_min, utc.tm_sec);
    }
    out += text;
    append_number(out, static_cast<std::uint64_t>(now.tv_nsec / 1'000'000), 3);
    out += 'Z';
}

void append_milliseconds(std::string& out, std::chrono::steady_clock::duration duration) {
    const auto us = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
    append_number(out, us / 1000);
    out += '.';
    append_number(out, us % 1000, 3);
}

bool is_plain(std::string_view text) {
    return text.size() <= most_of_line && is_plain_field_value(text) && !text.contains('"') && !text.contains('\\') &&
           !text.contains('?') && !text.contains('\t');
}

/// The line as it may stand between quotes in a log: no secrets, no control characters, not too long.
std::string harmless(std::string_view line) {
    const auto space = line.rfind(' ');
    const auto question = line.find('?');
    if (question == std::string_view::npos || space == std::string_view::npos || question > space)
        return printable(line, most_of_line);
    return printable(redacted(line.substr(0, space)).append(line.substr(space)), most_of_line);
}

/// `backslash` is how the log's format spells one.
void append_line(std::string& out, std::string_view line, std::string_view backslash) {
    if (is_plain(line)) {
        out += line;
        return;
    }
    for (const char c : harmless(line))
        if (c == '\\')
            out += backslash;
        else
            out += c;
}

} // namespace

AccessLog::AccessLog(std::shared_ptr<spdlog::logger> logger, LogFormat format)
    : logger_(std::move(logger)), format_(format) {}

void AccessLog::write(const AccessEntry& entry) {
    if (!logger_)
        return;
    if (format_ == LogFormat::text)
        write_text(entry);
    else
        write_json(entry);
    if (lines_.size() >= most_collected)
        flush();
}

void AccessLog::write_text(const AccessEntry& entry) {
    append_time(lines_);
    lines_.append(" ").append(entry.client).append(" \"");
    append_line(lines_, entry.line, "\\");
    lines_ += "\" ";
    append_number(lines_, entry.status);
    lines_ += ' ';
    append_number(lines_, entry.bytes);
    lines_ += ' ';
    append_milliseconds(lines_, entry.duration);
    lines_.append("ms ").append(entry.note.empty() ? "-" : entry.note).append(" #");
    append_number(lines_, entry.id);
    lines_ += '\n';
}

void AccessLog::write_json(const AccessEntry& entry) {
    lines_ += R"({"ts":")";
    append_time(lines_);
    lines_.append(R"(","client":")").append(entry.client).append(R"(","request":")");
    append_line(lines_, entry.line, R"(\\)");
    lines_ += R"(","status":)";
    append_number(lines_, entry.status);
    lines_ += R"(,"bytes":)";
    append_number(lines_, entry.bytes);
    lines_ += R"(,"dur_ms":)";
    append_milliseconds(lines_, entry.duration);
    lines_.append(R"(,"cache":")").append(entry.note).append(R"(","req_id":)");
    append_number(lines_, entry.id);
    lines_ += "}\n";
}

void AccessLog::flush() {
    if (lines_.empty())
        return;
    // The logger ends its message with a line end of its own.
    logger_->log(spdlog::level::info, spdlog::string_view_t(lines_.data(), lines_.size() - 1));
    lines_.clear();
}

std::shared_ptr<spdlog::logger> make_access_logger() {
    // The logger holds its thread pool weakly; an alias keeps both alive together.
    struct Held {
        std::shared_ptr<spdlog::details::thread_pool> thread;
        std::shared_ptr<spdlog::async_logger> logger;
    };
    auto held = std::make_shared<Held>();
    held->thread = std::make_shared<spdlog::details::thread_pool>(queue, 1U);
    held->logger = std::make_shared<spdlog::async_logger>("access", std::make_shared<spdlog::sinks::stdout_sink_mt>(),
                                                          held->thread, spdlog::async_overflow_policy::overrun_oldest);
    held->logger->set_pattern("%v");
    held->logger->flush_on(spdlog::level::info);
    auto* logger = held->logger.get();
    return {std::move(held), logger};
}

} // namespace yizhan
