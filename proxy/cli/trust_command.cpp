#include "cache/store.hpp"
#include "proxy/cli/commands.hpp"
#include "proxy/cli/running.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <vector>

namespace yizhan {
namespace {

struct Word {
    std::string sha256, grade, source;
};
struct Shown {
    std::string key;
    Word stands, claimed;
};

std::string text(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value && value->is_string() ? std::string(value->as_string()) : std::string{};
}

Word word(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    if (!value || !value->is_object())
        return {};
    const auto& fields = value->as_object();
    return {text(fields, "sha256"), text(fields, "grade"), text(fields, "source")};
}

Result<std::vector<Shown>> from_running(const std::filesystem::path& data) {
    const auto address = running_address(data);
    if (!address)
        return std::unexpected(address.error());
    const auto answered = ask_running(*address + "/api/v1/trust");
    if (!answered)
        return std::unexpected(answered.error());
    boost::system::error_code bad;
    const auto json = boost::json::parse(answered->body, bad);
    const auto* list = !bad && json.is_object() ? json.as_object().if_contains("disputes") : nullptr;
    if (answered->status != 200 || !list || !list->is_array())
        return fail(Errc::protocol, *address + " answers, but not as yizhan does");
    std::vector<Shown> out;
    for (const auto& each : list->as_array())
        if (each.is_object())
            out.push_back(
                {text(each.as_object(), "key"), word(each.as_object(), "stands"), word(each.as_object(), "claimed")});
    return out;
}

Result<std::vector<Shown>> from_store(const std::filesystem::path& data) {
    const auto store = Store::open(data, {});
    if (!store)
        return std::unexpected(store.error());
    std::vector<Shown> out;
    const auto words = [](const LedgerEntry& entry) {
        return Word{entry.digest.hex(), std::string(name(entry.grade)), entry.source};
    };
    for (const auto& dispute : (*store)->disputes({}, 1000))
        out.push_back({dispute.key, words(dispute.stands), words(dispute.claimed)});
    return out;
}

// The service where one runs, else the store itself.
Result<std::vector<Shown>> disputes(const std::filesystem::path& data) {
    std::error_code unseen;
    const bool there = std::filesystem::exists(data / "catalog", unseen);
    if (unseen)
        return fail(Errc::io, "cannot look into " + data.string() + ": " + unseen.message() +
                                  "; ask as the user that yizhan runs as, or as root");
    if (!there)
        return fail(Errc::not_found,
                    data.string() +
                        " is no store: no yizhan has run there yet; --data names the folder of the one meant");
    auto shown = from_running(data);
    if (shown)
        return shown;
    auto stored = from_store(data);
    if (!stored)
        stored.error().tried.push_back(shown.error().message);
    return stored;
}

std::string name_of(const std::string& key) {
    return key.substr(key.find('/') + 1);
}

} // namespace

int trust_list(const Overrides& overrides, bool as_json) {
    const auto settings = settings_or_words(overrides);
    if (!settings)
        return 2;
    const auto found = disputes(settings->data);
    if (!found) {
        fmt::print(stderr, "{}\n", found.error().text());
        return 1;
    }
    if (as_json) {
        boost::json::array out;
        const auto json = [](const Word& word) {
            return boost::json::object{{"sha256", word.sha256}, {"grade", word.grade}, {"source", word.source}};
        };
        for (const auto& dispute : *found)
            out.push_back({{"key", dispute.key}, {"stands", json(dispute.stands)}, {"claimed", json(dispute.claimed)}});
        fmt::print("{}\n", boost::json::serialize(out));
        return 0;
    }
    if (found->empty())
        fmt::print("nothing is disputed: every name stands for one digest\n");
    for (const auto& dispute : *found)
        fmt::print("{}\n  stands:  sha256 {} ({}), {}\n  claimed: sha256 {} ({}), {}\n"
                   "  to believe the claim: yizhan trust accept {}\n",
                   dispute.key, dispute.stands.sha256, dispute.stands.grade, dispute.stands.source,
                   dispute.claimed.sha256, dispute.claimed.grade, dispute.claimed.source, dispute.key);
    return 0;
}

int trust_accept(const Overrides& overrides, const std::string& key) {
    const auto settings = settings_or_words(overrides);
    if (!settings)
        return 2;
    const auto found = disputes(settings->data);
    if (!found) {
        fmt::print(stderr, "{}\n", found.error().text());
        return 1;
    }
    const auto at = std::ranges::find(*found, key, &Shown::key);
    if (at == found->end()) {
        fmt::print(stderr, "{} is not disputed; `yizhan trust list` shows what is\n", key);
        return 1;
    }
    const auto digest = Sha256::from_hex(at->claimed.sha256);
    const auto done = digest ? Store::accept(settings->data, key, *digest)
                             : fail(Errc::protocol, "the claimed digest is none: " + at->claimed.sha256);
    if (!done) {
        fmt::print(stderr, "{}\n", done.error().text());
        return 1;
    }
    fmt::print("{} stands for sha256 {} from the next time that its page is fetched (within {} s)\n", name_of(key),
               at->claimed.sha256, settings->pypi.page_ttl.count());
    return 0;
}

} // namespace yizhan
