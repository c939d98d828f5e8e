#include "config/settings_text.hpp"

#include "config/machine_settings.hpp"
#include "config/schema.hpp"
#include "config/upstreams.hpp"
#include "config/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace yizhan {
namespace {

/// `text` in lines of at most `width` columns, each after the first behind `indent` blanks.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
    std::string out;
    std::size_t column = indent;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        const auto word = text.substr(0, end);
        if (column > indent && column + 1 + word.size() > width) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (column > indent) {
            out += ' ';
            ++column;
        }
        out += word;
        column += word.size();
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::string type_with_limits(const Setting& setting) {
    return setting.limits.empty() ? setting.type : fmt::format("{}, {}", setting.type, setting.limits);
}

/// The last part of a dotted name: the key inside its section.
std::string_view key_of(const Setting& setting) {
    const auto section = section_of(setting.name);
    return std::string_view(setting.name).substr(section.empty() ? 0 : section.size() + 1);
}

/// '|' would end a cell of a table, '<' could begin an HTML tag.
std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c == '|')
            out += "\\|";
        else if (c == '<')
            out += "&lt;";
        else
            out += c;
    return out;
}

std::string origin_of(const Settings& settings, const std::string& name) {
    const auto found = settings.origin.find(name);
    std::string out = found == settings.origin.end() ? "default" : found->second;
    std::ranges::replace_if(out, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }, '?'); // TOML 1.0, comments
    return out;
}

std::string reference_row(const Setting& setting) {
    std::string meaning = cell(setting.help);
    if (!setting.reason.empty())
        meaning += " *" + cell(setting.reason) + "*";
    return fmt::format("| `{}` | {} | `{}` | {} |\n", key_of(setting), cell(type_with_limits(setting)),
                       setting.fallback, meaning);
}

std::string reference_table(std::string_view title, const std::vector<UpstreamKey>& keys) {
    auto out = fmt::format("\n## {}\n\n| key | type | meaning |\n|---|---|---|\n", title);
    for (const auto& key : keys)
        out += fmt::format("| `{}` | {} | {} |\n", key.name, cell(key.type), cell(key.help));
    return out;
}

constexpr std::string_view introduction =
    R"(# Settings

Written from the schema table by `cmake --build --preset dev --target settings_reference`; edit `config/schema.cpp` instead.

Everything has a default and a file is optional. A value on the command line counts more than one in the environment,
that more than the configuration file, that more than the default. The file is the one named with `--config`, else by
`YIZHAN_CONFIG`, else `$XDG_CONFIG_HOME/yizhan/yizhan.toml` (`~/.config/yizhan/yizhan.toml`), else
`/etc/yizhan/yizhan.toml`. In the environment `relay.stall_timeout` is `YIZHAN_RELAY_STALL_TIMEOUT`; a list is separated
by commas. `yizhan config check` names every mistake with its line, `yizhan config print` shows what is in force and why.

- Sizes: `"200GiB"`, `"64KiB"`, `"10MB"` (decimal), or a plain number of bytes.
- Time spans: `"1500ms"`, `"4s"`, `"10min"`, `"1h"`, `"7d"`; always with a unit.
- Paths: `~/` is the home folder; a relative path starts at the configuration file's folder, or at the working directory
  when it comes from the environment or the command line.
- Name patterns: names of projects in any spelling, `*` for any text, `?` for any character.
)";

} // namespace

std::string help_text() {
    constexpr std::size_t meaning_column = 37; // the longest name and a gap
    constexpr std::size_t width = 100;
    std::string out = "Settings, as in the configuration file; in the environment YIZHAN_ and the name in capitals\n"
                      "(YIZHAN_RELAY_STALL_TIMEOUT=4s), lists separated by commas:\n";
    std::string_view section = "-";
    for (const auto& setting : schema()) {
        if (section_of(setting.name) != section) {
            section = section_of(setting.name);
            out += "\n";
        }
        const auto text = fmt::format("{} ({}; default {})", setting.help, type_with_limits(setting), setting.fallback);
        out += fmt::format("  {:<{}}{}\n", setting.name, meaning_column - 2, wrapped(text, meaning_column, width));
    }
    out += "\nMachines that URLs may call by name (/for/<name>/simple/), each a table of the configuration file:\n"
           "\n  [machines.<name>]\n";
    for (const auto& key : machine_keys())
        out += fmt::format("  {:<{}}{}\n", key.name, meaning_column - 2, wrapped(key.help, meaning_column, width));
    return out;
}

std::string print_settings(const Settings& settings) {
    std::string out, tables;
    std::string_view section;
    for (const auto& setting : schema()) {
        const auto value = setting.show(settings);
        const auto origin = origin_of(settings, setting.name);
        if (value.find('\n') != std::string::npos) { // tables come after every plain key of the file
            tables += fmt::format("\n# {}{}", origin, value);
            continue;
        }
        if (section_of(setting.name) != section) {
            section = section_of(setting.name);
            out += fmt::format("\n[{}]\n", section);
        }
        const auto shown = setting.name == "relay.proxy" ? redacted(value) : value;
        out += fmt::format("{:<50} # {}\n", fmt::format("{} = {}", key_of(setting), shown), origin);
    }
    return out + tables + show_machines(settings.machines);
}

std::string reference_markdown() {
    std::string out(introduction);
    std::string_view section = "-";
    for (const auto& setting : schema()) {
        if (section_of(setting.name) != section) {
            section = section_of(setting.name);
            out += section.empty() ? "\n## At the top\n" : fmt::format("\n## [{}]\n", section);
            out += "\n| setting | type | default | meaning |\n|---|---|---|---|\n";
        }
        out += reference_row(setting);
    }
    for (const auto& kind : {pypi_upstreams, pytorch_upstreams})
        out += reference_table(fmt::format("[[{}]]", kind.setting), upstream_keys(kind));
    return out + reference_table("[machines.&lt;name>]", machine_keys());
}

} // namespace yizhan
