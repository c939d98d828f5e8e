#include "proxy/routes/quarantined_projects.hpp"

#include "index/filename.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <mutex>

namespace yizhan {
namespace {

// One small document per project: "quarantined <reason>", or "lifted", since documents are replaced and never taken
// back.
constexpr std::string_view prefix = "pypi/quarantined/";
constexpr std::string_view quarantined = "quarantined ";
constexpr std::string_view lifted = "lifted";

// Far more than PyPI has ever had at once.
constexpr std::size_t most_projects = 100'000;
constexpr std::uint64_t most_bytes = 64 * 1024;

std::string words(std::string_view what, std::string_view project, std::string_view reason) {
    return fmt::format("{} is not served: the index has quarantined {}, which is suspected of being harmful (setting "
                       "pypi.serve_quarantined){}{}",
                       what, project, reason.empty() ? "" : ". Its reason: ", reason);
}

/// What a former run wrote down. Where that cannot be read the project counts as quarantined.
std::optional<std::string> stored_reason(const Store& store, const std::string& key) {
    const auto document = store.find_document(key);
    const auto blob = document ? store.find(document->digest) : std::nullopt;
    const auto text = blob ? blob->read_all(most_bytes) : fail(Errc::not_found, "its document is gone");
    if (text && *text == lifted)
        return std::nullopt;
    return text && text->starts_with(quarantined) ? text->substr(quarantined.size()) : std::string();
}

} // namespace

QuarantinedProjects::QuarantinedProjects(Store& store) : store_(store) {
    for (const auto& key : store.document_keys(prefix, most_projects))
        if (auto reason = stored_reason(store, key))
            reasons_.emplace(key.substr(prefix.size()), std::move(*reason));
    count_ = reasons_.size();
}

std::optional<std::string> QuarantinedProjects::why_not(std::string_view project) const {
    if (count_.load(std::memory_order_relaxed) == 0)
        return std::nullopt;
    const std::shared_lock lock(mutex_);
    const auto found = reasons_.find(project);
    if (found == reasons_.end())
        return std::nullopt;
    return words(fmt::format("the page of {}", project), project, found->second);
}

std::optional<std::string> QuarantinedProjects::why_not_file(std::string_view filename) const {
    if (count_.load(std::memory_order_relaxed) == 0)
        return std::nullopt;
    const auto projects = possible_projects(filename);
    const std::shared_lock lock(mutex_);
    for (const auto& project : projects)
        if (const auto found = reasons_.find(project); found != reasons_.end())
            return words(filename, project, found->second);
    return std::nullopt;
}

Result<void> QuarantinedProjects::take(const std::string& project, const std::optional<ProjectStatus>& status,
                                       Grade grade) {
    std::optional<std::string> reason;
    if (status && status->status == "quarantined")
        reason = status->reason;
    if (!reason && grade != Grade::root)
        return {};
    {
        const std::unique_lock lock(mutex_);
        const auto found = reasons_.find(project);
        const bool known = found != reasons_.end();
        if (reason ? known && found->second == *reason : !known)
            return {};
        if (reason)
            reasons_.insert_or_assign(project, *reason);
        else
            reasons_.erase(found);
        count_ = reasons_.size();
    }
    if (reason)
        spdlog::warn("pypi: the index has quarantined {}{}{}", project, reason->empty() ? "" : ": ", *reason);
    else
        spdlog::info("pypi: the index has lifted the quarantine of {}", project);
    return keep(project, reason);
}

Result<void> QuarantinedProjects::keep(const std::string& project, const std::optional<std::string>& reason) {
    const auto text = reason ? std::string(quarantined) + *reason : std::string(lifted);
    const auto stored = store_.put_document(
        std::string(prefix) + project, text,
        {.digest = sha256(text), .url = {}, .content_type = "text/plain", .etag = {}, .last_modified = {}});
    return stored ? Result<void>{} : std::unexpected(stored.error());
}

} // namespace yizhan
