// uv.toml, pyproject.toml, Pipfile and lock files: the keys by which uv, poetry, pdm and pipenv name indexes and pins.
#include "config/settings_file.hpp"
#include "index/ascii.hpp"
#include "index/lint_rules.hpp"
#include "index/names.hpp"

#include <fmt/format.h>

#include <charconv>
#include <initializer_list>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace yizhan {
namespace {

using Form = Written::Form;
using Table = std::vector<Assignment>;

/// The place behind the last two colons of "name:line:column".
TextPlace place_of(std::string_view where) {
    TextPlace out;
    const auto column = where.rfind(':');
    const auto line = column == std::string_view::npos || column == 0 ? column : where.rfind(':', column - 1);
    if (line == std::string_view::npos)
        return out;
    std::from_chars(where.data() + line + 1, where.data() + column, out.line);
    std::from_chars(where.data() + column + 1, where.data() + where.size(), out.column);
    return out;
}

/// The value of a key in a table; empty where it has none.
std::string text_of(const Table& table, std::string_view key) {
    for (const auto& each : table)
        if (each.name == key)
            return each.value.text;
    return {};
}

bool is_one_of(std::string_view key, std::initializer_list<std::string_view> keys) {
    return std::ranges::find(keys, key) != keys.end();
}

class TomlLint {
  public:
    TomlLint(LintRules& rules, LintFormat format) : rules_(rules), format_(format) {}

    void run(const std::vector<Assignment>& assignments) {
        for (const auto& each : assignments)
            if (each.name == "tool.uv.index" || each.name == "index")
                note_defaults(each.value.tables);
        for (const auto& each : assignments)
            take(each);
    }

  private:
    void take(const Assignment& each) {
        const std::string_view key = each.name;
        if (format_ == LintFormat::lock)
            return take_lock(each);
        if (format_ == LintFormat::uv_toml)
            return take_uv(each, key);
        if (key.starts_with("tool.uv."))
            return take_uv(each, key.substr(8));
        if (key == "project.dependencies" || key.starts_with("project.optional-dependencies.") ||
            key.starts_with("dependency-groups.") || key == "build-system.requires" ||
            key.starts_with("tool.pdm.dev-dependencies."))
            return requirements(each);
        if (is_one_of(key, {"tool.poetry.source", "tool.pdm.source", "source"}))
            return take_sources(each);
        if (key.starts_with("tool.poetry.") && key.find("dependencies.") != std::string_view::npos)
            return take_dependency(each, key.substr(key.find("dependencies.") + 13));
        for (const std::string_view packages : {"packages.", "dev-packages."}) // Pipfile's
            if (key.starts_with(packages))
                take_dependency(each, key.substr(packages.size()));
    }

    /// Calls `use` with each string of a list, and its place in the text.
    template <class Use>
    void each_item(const Written& written, const Use& use) {
        const auto& items = written.form == Form::string ? std::vector{written.text} : written.items;
        auto from = rules_.lines().offset(place_of(written.where));
        for (const auto& item : items) {
            const auto found = rules_.text().find(item, from); // escapes apart it stands there as it is
            use(item, rules_.lines().place(found == std::string_view::npos ? from : found));
            from = found == std::string_view::npos ? from : found + item.size();
        }
    }

    void requirements(const Assignment& each) {
        each_item(each.value, [&](const std::string& item, TextPlace place) { rules_.requirement(item, place); });
    }

    void take_uv(const Assignment& each, std::string_view key) {
        const auto place = place_of(each.where);
        const auto of_pip = key.starts_with("pip.") ? key.substr(4) : key;
        const auto extra = [&](const std::string& url, TextPlace at) { rules_.extra_index(of_pip, url, at); };
        const auto links = [&](const std::string& url, TextPlace at) { rules_.find_links(of_pip, url, at); };
        const auto insecure = [&](const std::string& host, TextPlace at) { rules_.trusted_host(of_pip, host, at); };
        if (key == "index" && each.value.form == Form::tables)
            return take_uv_indexes(each.value.tables);
        if (of_pip == "index-url")
            return rules_.url(each.value.text, place);
        if (of_pip == "extra-index-url")
            return each_item(each.value, extra);
        if (of_pip == "find-links")
            return each_item(each.value, links);
        if (is_one_of(of_pip, {"allow-insecure-host", "trusted-host"}))
            return each_item(each.value, insecure);
        if (is_one_of(of_pip, {"index-strategy", "torch-backend"}))
            return take_uv_word(of_pip, each.value.text, place);
        if (is_one_of(key, {"constraint-dependencies", "override-dependencies", "dev-dependencies"}))
            return requirements(each);
        if (key.starts_with("sources."))
            take_uv_source(each, key.substr(8));
    }

    void take_uv_word(std::string_view key, const std::string& value, TextPlace place) {
        if (key == "torch-backend")
            rules_.add({.place = place,
                        .rule = "torch-backend",
                        .what = fmt::format("torch-backend = \"{}\"", value.substr(0, 40)),
                        .why = "uv then asks PyTorch's own indexes and passes over every other, and \"auto\" looks at "
                               "the driver but never at the GPU",
                        .remedy = "leave it out and make http://<yizhan>/for/<machine>/simple/ the default index"});
        else if (value.starts_with("unsafe-"))
            rules_.add({.place = place,
                        .rule = "index-strategy",
                        .what = fmt::format("index-strategy = \"{}\"", value.substr(0, 40)),
                        .why = "the files of all indexes are thrown together, and a stranger's higher version of any "
                               "name wins",
                        .remedy = "leave it out"});
    }

    void note_defaults(const std::vector<Table>& tables) {
        for (const auto& table : tables)
            if (text_of(table, "default") == "true")
                defaults_.insert(text_of(table, "name"));
    }

    void take_uv_indexes(const std::vector<Table>& tables) {
        for (const auto& table : tables) {
            const auto url = text_of(table, "url");
            const auto place = table.empty() ? TextPlace{} : place_of(table.front().where);
            if (text_of(table, "default") == "true" || text_of(table, "explicit") == "true")
                rules_.url(url, place);
            else
                rules_.extra_index("[[tool.uv.index]]", url, place);
        }
    }

    /// `key` is "torch.index"; or "torch" where several sources stand in a list.
    void take_uv_source(const Assignment& each, std::string_view key) {
        const auto place = place_of(each.where);
        const auto dot = key.rfind('.');
        const auto field = dot == std::string_view::npos ? std::string_view{} : key.substr(dot + 1);
        const auto project = normalized_name(field.empty() ? key : key.substr(0, dot));
        if (each.value.form == Form::tables)
            for (const auto& table : each.value.tables)
                for (const auto& inner : table)
                    take_uv_source(inner, project + "." + inner.name);
        else if (field == "index")
            from_index(project, each.value.text, place);
        else if (field == "url")
            rules_.requirement(project + " @ " + each.value.text, place);
    }

    void from_index(const std::string& project, const std::string& index, TextPlace place) {
        if (!rules_.matched(project) || defaults_.contains(index))
            return;
        rules_.add(
            {.place = place,
             .rule = "extra-index",
             .what = fmt::format("{} comes from the index \"{}\"", project, index.substr(0, 60)),
             .why = "that index wins over the matched page, whatever this machine's driver and GPU are",
             .remedy = "leave the source out; http://<yizhan>/for/<machine>/simple/ as the default index has it"});
    }

    /// poetry's, pdm's and pipenv's: the first is the index itself, those behind it are extra.
    void take_sources(const Assignment& each) {
        bool has_main = false;
        for (const auto& table : each.value.tables) {
            const auto url = text_of(table, "url");
            const auto priority = text_of(table, "priority");
            const auto place = table.empty() ? TextPlace{} : place_of(table.front().where);
            for (const auto& inner : table)
                if (is_one_of(inner.name, {"verify_ssl", "verify-ssl", "ssl_verify"}) && inner.value.text == "false")
                    rules_.no_verification(inner.name, place_of(inner.where));
            if (text_of(table, "type") == "find_links")
                rules_.find_links("type = find_links", url, place);
            else if (priority == "explicit" || (!has_main && priority != "supplemental" && priority != "secondary"))
                rules_.url(url, place);
            else
                rules_.extra_index("[[" + each.name + "]]", url, place);
            has_main = has_main || priority != "explicit";
        }
    }

    /// `key` is "torch" or "torch.version".
    void take_dependency(const Assignment& each, std::string_view key) {
        const auto place = place_of(each.where);
        const auto dot = key.find('.');
        const auto project = normalized_name(key.substr(0, dot));
        const auto field = dot == std::string_view::npos ? std::string_view("version") : key.substr(dot + 1);
        if (each.value.form == Form::tables) {
            for (const auto& table : each.value.tables)
                for (const auto& inner : table)
                    take_dependency(inner, project + "." + inner.name);
        } else if (is_one_of(field, {"url", "file"})) {
            rules_.requirement(project + " @ " + each.value.text, place);
        } else if (is_one_of(field, {"source", "index"})) {
            from_index(project, each.value.text, place);
        } else if (field == "version" && !each.value.text.empty()) {
            // A bare "1.9.0" is exact to poetry; its own '^' and '~' are not PEP 440's and are not judged.
            rules_.project(project, (ascii::is_digit(each.value.text.front()) ? "==" : "") + each.value.text, place);
        }
    }

    void take_lock(const Assignment& each) {
        if (!is_one_of(each.name, {"package", "packages"}) || each.value.form != Form::tables)
            return;
        for (const auto& table : each.value.tables)
            if (const auto version = text_of(table, "version"); !version.empty())
                rules_.project(normalized_name(text_of(table, "name")), "==" + version, place_of(table.front().where));
    }

    LintRules& rules_;
    LintFormat format_;
    std::set<std::string> defaults_; ///< names of default indexes
};

/// A lock file names one host thousands of times; once is told.
void lint_lock_urls(LintRules& rules) {
    constexpr std::string_view scheme = "http://";
    std::set<std::string, std::less<>> told;
    for (auto at = rules.text().find(scheme); at != std::string_view::npos && told.size() < 100;
         at = rules.text().find(scheme, at + 1)) {
        const auto url = rules.text().substr(at, rules.text().find_first_of("\"' \n", at) - at);
        const auto host = url.substr(0, url.find('/', scheme.size()));
        if (told.insert(std::string(host)).second)
            rules.url(url, rules.lines().place(at));
    }
}

} // namespace

Result<void> lint_toml(LintRules& rules, LintFormat format) {
    const auto assignments = parse_settings(rules.text(), "");
    if (!assignments) {
        const auto& message = assignments.error().message; // ":3:5: …", for it was given no name
        return fail(Errc::invalid, message.starts_with(':') ? message.substr(1) : message);
    }
    TomlLint(rules, format).run(*assignments);
    if (format == LintFormat::lock)
        lint_lock_urls(rules);
    return {};
}

} // namespace yizhan
