#include "index/machine_meaning.hpp"
#include "proxy/cli/asked_machine.hpp"
#include "proxy/cli/commands.hpp"
#include "proxy/cli/machine_evidence.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace yizhan {
namespace {

namespace json = boost::json;

int complain(const Error& error) {
    fmt::print(stderr, "yizhan: {}\n", error.text());
    return 2;
}

json::array texts(const std::vector<std::string>& all) {
    return json::array(all.begin(), all.end());
}

std::string index_of(const std::string& server, const std::string& machine) {
    return fmt::format("{}/for/{}/simple/", server, machine);
}

/// "lab.example:8080" of "http://lab.example:8080"; empty for https and for this machine itself, which need no trust.
std::string untrusted_host(const std::string& server) {
    constexpr std::string_view scheme = "http://";
    if (!server.starts_with(scheme))
        return {};
    auto host = server.substr(scheme.size());
    const auto colon = host.find_last_of(":]"); // of an IPv6 address the brackets hold the other colons
    if (colon != std::string::npos && host[colon] == ':')
        host.resize(colon);
    return host == "localhost" || host == "[::1]" || host.starts_with("127.") ? std::string() : host;
}

std::vector<std::string> lines_to_use(const std::string& server, const std::string& machine) {
    const auto index = index_of(server, machine);
    const auto host = untrusted_host(server);
    const auto trust = host.empty() ? std::string() : " --trusted-host " + host;
    return {fmt::format("pip install -i {}{} torch torchvision torchaudio", index, trust),
            fmt::format("uv pip install --index-url {} torch torchvision torchaudio", index),
            fmt::format("pip config set global.index-url {}", index)};
}

void print_json(const json::object& object) {
    fmt::print("{}\n", json::serialize(object));
}

void print_meaning(const MachineMeaning& meaning) {
    fmt::print("{}\n  {}, {}\n  {}\n", meaning.literal, meaning.python, meaning.platform, meaning.hardware);
    fmt::print("  platform tags: {} from {} to {}\n", meaning.platforms.size(), meaning.platforms.front(),
               meaning.platforms.back());
    fmt::print("  builds that do not match are {}\n",
               meaning.hides ? "hidden" : "yanked: an exact pin such as torch==1.9.0+cu111 still installs them");
    if (!meaning.torch.empty())
        fmt::print("  the newest torch that runs, by the tables: {}\n", meaning.torch);
    for (const auto& cuda : meaning.cuda)
        fmt::print("  {} {:<6} {}{}: {}\n", cuda.runs ? "+" : "-", cuda.cuda.tag(),
                   cuda.floor ? "driver " + cuda.floor->str() + " or newer" : "no driver known",
                   cuda.runs ? fmt::format(", torch {} to {}", cuda.first_torch, cuda.last_torch) : "", cuda.reason);
    for (const auto& note : meaning.notes)
        fmt::print("  note: {}.\n", note);
}

json::object as_json(const MachineMeaning& meaning) {
    json::array tags;
    for (const auto& cuda : meaning.cuda) {
        json::object row{{"tag", cuda.cuda.tag()},
                         {"driver_floor", cuda.floor ? json::value(cuda.floor->str()) : json::value()},
                         {"runs", cuda.runs},
                         {"reason", cuda.reason}};
        if (cuda.runs) {
            row["first_torch"] = cuda.first_torch;
            row["last_torch"] = cuda.last_torch;
        }
        tags.push_back(std::move(row));
    }
    return {{"machine", meaning.literal},
            {"python", meaning.python},
            {"platform", meaning.platform},
            {"platform_tags", texts(meaning.platforms)},
            {"hardware", meaning.hardware},
            {"unmatched", meaning.hides ? "hidden" : "yanked"},
            {"cuda", std::move(tags)},
            {"newest_torch", meaning.torch.empty() ? json::value() : json::value(meaning.torch)},
            {"notes", texts(meaning.notes)}};
}

} // namespace

int machine_detect(const MachineQuestion& question) {
    auto evidence = gather_evidence("/", "python3");
    evidence.wanted_python = question.python;
    const auto& tables = embedded_tables();
    const auto detected = detect_machine(evidence, tables);
    if (!detected)
        return complain(detected.error());
    const auto literal = detected->machine.str();
    const auto lines = lines_to_use(question.server, literal);
    if (question.json) {
        print_json({{"machine", literal},
                    {"index", index_of(question.server, literal)},
                    {"lines", texts(lines)},
                    {"doubts", texts(detected->doubts)}});
        return 0;
    }
    fmt::print("{}\n", literal);
    for (const auto& doubt : detected->doubts)
        fmt::print("  doubt: {}.\n", doubt);
    fmt::print("\n");
    for (const auto& line : lines)
        fmt::print("{}\n", line);
    return 0;
}

int machine_show(const MachineQuestion& question) {
    const auto& tables = embedded_tables();
    const auto match = asked_machine(question.machine, question.overrides, tables);
    if (!match)
        return complain(match.error());
    const auto meaning = meaning_of((*match)->machine(), tables);
    if (!meaning)
        return complain(meaning.error());
    if (question.json)
        print_json(as_json(*meaning));
    else
        print_meaning(*meaning);
    return 0;
}

} // namespace yizhan
