#include "config/url.hpp"
#include "index/lock_urls.hpp"
#include "proxy/cli/commands.hpp"
#include "proxy/cli/text_file.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <vector>

namespace yizhan {
namespace {

struct LockFile {
    std::filesystem::path path;
    std::string before;
    RewrittenLock after;

    bool changes() const { return after.text != before; }
};

int complain(const Error& error) {
    fmt::print(stderr, "yizhan: {}\n", error.text());
    return 2;
}

/// "http://lab:8080" as URLs in lock files begin.
Result<std::string> lab_address(const std::string& given) {
    const auto url = Url::parse(given);
    if (!url)
        return std::unexpected(url.error());
    if (!url->query().empty())
        return fail(Errc::invalid, fmt::format("--lab {}: expected an address such as http://lab:8080", given));
    auto out = url->str();
    while (out.ends_with('/'))
        out.pop_back();
    return out;
}

void print(const LockFile& file, const RewriteQuestion& question) {
    const auto& after = file.after;
    fmt::print("{}: {} URL{} {}\n", file.path.string(), after.rewritten, after.rewritten == 1 ? "" : "s",
               question.check ? "would change" : "rewritten");
    if (after.there > 0 && after.rewritten > 0)
        fmt::print("    {} already stood where the others now do: the way back would move them too\n", after.there);
    for (const auto& left : after.left)
        fmt::print("    left: {} of {}, first at {}:{}: {}\n", left.count, redacted(left.origin), left.first.line,
                   left.first.column, left.reason);
}

} // namespace

int lock_rewrite(const RewriteQuestion& question) {
    if (question.target != "lab" && question.target != "canonical")
        return complain(
            fail(Errc::invalid, fmt::format("--to {}: expected lab or canonical", question.target)).error());
    const auto lab = lab_address(question.lab);
    if (!lab)
        return complain(lab.error());
    const LockChange change{.target = question.target == "lab" ? LockTarget::lab : LockTarget::canonical,
                            .lab = *lab,
                            .mirrors = question.mirrors};
    const auto addresses = lock_addresses(catalogue());
    std::vector<LockFile> files; // all are read before one is written
    for (const auto& path : question.files) {
        auto text = read_text_file(path);
        if (!text)
            return complain(text.error());
        auto rewritten = rewrite_lock(*text, change, addresses);
        files.push_back({path, std::move(*text), std::move(rewritten)});
    }
    bool any = false;
    for (const auto& file : files) {
        any = any || file.changes();
        if (file.changes() && !question.check)
            if (const auto written = replace_text_file(file.path, file.after.text); !written)
                return complain(written.error());
        print(file, question);
    }
    return question.check && any ? 1 : 0;
}

} // namespace yizhan
