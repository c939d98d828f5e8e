#include "config/upstreams.hpp"

#include "config/nearest.hpp"
#include "config/url.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace yizhan {
namespace {

using Form = Written::Form;

struct Key {
    UpstreamKey shown;
    /// A sentence when the value does not fit.
    std::optional<std::string> (*set)(GivenUpstream&, const Written&);
};

std::optional<std::string> a_string(std::string& field, const Written& written) {
    if (written.form != Form::string)
        return "expected a string in quotes";
    field = written.text;
    return std::nullopt;
}

const std::vector<Key>& keys() {
    static const std::vector<Key> table{
        {{"url", "URL", "The index. Required."},
         [](GivenUpstream& given, const Written& written) { return a_string(given.url, written); }},
        {{"files", "list of URLs",
          "Prefixes that file links may have; links that lead elsewhere are dropped. Left out: what the catalogue "
          "knows "
          "of the url, else the url's origin."},
         [](GivenUpstream& given, const Written& written) -> std::optional<std::string> {
             if (written.form != Form::list || written.items.empty())
                 return "expected a list with at least one URL, such as [\"https://files.example.org/\"]";
             given.files = written.items;
             return std::nullopt;
         }},
        {{"packages", "URL",
          "Where PyPI's own paths (aa/bb/<60 hex>/<file>) are appended; empty: they are not. Left out: what the "
          "catalogue knows, else packages/ beside a url that ends in /simple/."},
         [](GivenUpstream& given, const Written& written) { return a_string(given.packages.emplace(), written); }},
        {{"family", "string",
          "Mirrors that are fed by each other share one and count once. Left out: what the catalogue knows, else the "
          "url's host."},
         [](GivenUpstream& given, const Written& written) -> std::optional<std::string> {
             if (written.form != Form::string || written.text.empty())
                 return "expected a name in quotes";
             given.family = written.text;
             return std::nullopt;
         }},
        {{"root", "true or false",
          "Its word says which name is which digest. When none says so: PyPI itself, else the first."},
         [](GivenUpstream& given, const Written& written) -> std::optional<std::string> {
             if (written.form != Form::boolean)
                 return "expected true or false, without quotes";
             given.root = written.text == "true";
             return std::nullopt;
         }},
        {{"layout", "tree or flat",
          "tree: a page per tag and project, as PyTorch writes them; flat: one listing per tag. Left out: what the "
          "catalogue knows, else tree."},
         [](GivenUpstream& given, const Written& written) -> std::optional<std::string> {
             if (written.form != Form::string || (written.text != "tree" && written.text != "flat"))
                 return "expected \"tree\" or \"flat\"";
             given.flat = written.text == "flat";
             return std::nullopt;
         }},
    };
    return table;
}

bool has_key(const UpstreamKind& kind, std::string_view name) {
    return (name != "layout" || kind.has_layout) && (name != "packages" || kind.has_packages);
}

std::vector<std::string> key_names(const UpstreamKind& kind) {
    std::vector<std::string> out;
    for (const auto& key : upstream_keys(kind))
        out.push_back(key.name);
    return out;
}

/// A folder: an URL without query that ends in a slash.
Result<Url> folder(std::string_view text) {
    auto parsed = Url::parse(text);
    if (!parsed || (parsed->query().empty() && parsed->path().ends_with('/')))
        return parsed;
    if (!parsed->query().empty())
        return fail(Errc::invalid, fmt::format("URL \"{}\" has a query; leave it out", redacted(text)));
    return Url::parse(parsed->str() + "/");
}

/// `known` with the scheme of `url` where both name the same host: who wrote http has a reason to.
Result<std::string> with_scheme_of(const Url& url, const std::string& known) {
    const auto parsed = Url::parse(known);
    if (!parsed)
        return std::unexpected(parsed.error());
    if (parsed->origin().substr(parsed->scheme().size()) != url.origin().substr(url.scheme().size()))
        return known;
    return url.scheme() + known.substr(parsed->scheme().size());
}

Result<std::vector<std::string>> file_prefixes(const GivenUpstream& given, const Url& url, const Mirror* known) {
    if (!given.files && !known)
        return std::vector{url.origin() + "/"};
    std::vector<std::string> out;
    const auto add = [&](const std::string& prefix) {
        if (std::ranges::find(out, prefix) == out.end())
            out.push_back(prefix);
    };
    for (const auto& written : given.files ? *given.files : known->files) {
        const auto prefix = folder(written);
        if (!prefix)
            return std::unexpected(prefix.error());
        if (!given.files) {
            const auto same = with_scheme_of(url, prefix->str());
            if (!same)
                return std::unexpected(same.error());
            add(*same);
        }
        add(prefix->str());
    }
    return out;
}

Result<std::string> package_root(const GivenUpstream& given, const Url& url, const Mirror* known) {
    if (given.packages) {
        if (given.packages->empty())
            return std::string();
        const auto parsed = folder(*given.packages);
        if (!parsed)
            return std::unexpected(parsed.error());
        return parsed->str();
    }
    if (known)
        return known->packages.empty() ? std::string() : with_scheme_of(url, known->packages);
    constexpr std::string_view simple = "/simple/";
    if (!url.path().ends_with(simple))
        return std::string();
    return url.str().substr(0, url.str().size() - simple.size()) + "/packages/";
}

/// Every problem of one table; what could be read is in `given`.
Problems read_table(const std::vector<Assignment>& table, GivenUpstream& given, const UpstreamKind& kind) {
    Problems problems;
    for (const auto& [name, value, where] : table) {
        const auto key = std::ranges::find(keys(), name, [](const Key& known) { return known.shown.name; });
        if (key == keys().end() || !has_key(kind, name)) {
            const auto names = key_names(kind);
            const auto near = nearest(name, names);
            problems.push_back(fmt::format("{}: unknown key \"{}\" in [[{}]]; expected {}{}", where, redacted(name),
                                           kind.setting, fmt::join(names, ", "),
                                           near ? fmt::format("; did you mean \"{}\"?", *near) : ""));
        } else if (const auto wrong = key->set(given, value)) {
            problems.push_back(fmt::format("{}: {}.{}: {}", value.where, kind.setting, name, *wrong));
        }
    }
    return problems;
}

struct Given {
    GivenUpstream upstream;
    std::string where;
};

std::vector<Given> read_given(const Written& written, Problems& problems, const UpstreamKind& kind) {
    std::vector<Given> out;
    if (written.form == Form::tables) {
        for (const auto& table : written.tables) {
            GivenUpstream given;
            auto wrong = read_table(table, given, kind);
            const auto& where = table.empty() ? written.where : table.front().where;
            if (wrong.empty() && given.url.empty())
                wrong.push_back(fmt::format("{}: [[{}]] has no url; expected url = \"https://…/{}/\"", where,
                                            kind.setting, kind.has_layout ? "whl" : "simple"));
            if (wrong.empty())
                out.push_back({std::move(given), where});
            std::ranges::move(wrong, std::back_inserter(problems));
        }
        return out;
    }
    if (written.form != Form::text && written.form != Form::list) {
        problems.push_back(
            fmt::format("{}: {}: expected tables that start with [[{}]]", written.where, kind.setting, kind.setting));
        return out;
    }
    for (auto& url : written.form == Form::list ? written.items : split_list(written.text))
        out.push_back({{.url = url, .files = {}, .packages = {}, .family = {}, .root = {}}, written.where});
    if (out.empty())
        problems.push_back(fmt::format("{}: {} is empty; expected at least one URL, or leave it out for the "
                                       "built-in catalogue",
                                       written.where, kind.setting));
    return out;
}

void choose_root(const std::vector<Given>& given, std::vector<UpstreamSettings>& upstreams,
                 std::span<const Mirror> mirrors, const UpstreamKind& kind, Problems& problems) {
    std::set<std::string> families;
    std::string where;
    for (std::size_t i = 0; i < given.size(); ++i) {
        upstreams[i].root = given[i].upstream.root.value_or(false);
        if (upstreams[i].root) {
            families.insert(upstreams[i].family);
            where = given[i].where;
        }
    }
    if (families.size() > 1) {
        problems.push_back(fmt::format("{}: roots of different families ({}) can contradict each other; mark one",
                                       where, fmt::join(families, ", ")));
        return;
    }
    if (!families.empty())
        return;
    const auto may = [&](std::size_t i) { return given[i].upstream.root.value_or(true); };
    const auto first = [&](auto accept) {
        std::size_t i = 0;
        while (i < given.size() && !accept(i))
            ++i;
        return i;
    };
    auto chosen = first([&](std::size_t i) {
        const auto* known = find_mirror(kind.catalogue, upstreams[i].url, mirrors);
        return may(i) && known && known->root;
    });
    if (chosen == given.size()) // a flat listing gives no digests
        chosen = first([&](std::size_t i) { return may(i) && !upstreams[i].flat; });
    if (chosen == given.size())
        chosen = first(may);
    if (chosen < given.size())
        upstreams[chosen].root = true;
}

} // namespace

std::vector<UpstreamKey> upstream_keys(const UpstreamKind& kind) {
    std::vector<UpstreamKey> out;
    for (const auto& key : keys())
        if (has_key(kind, key.shown.name))
            out.push_back(key.shown);
    return out;
}

Result<UpstreamSettings> complete(const GivenUpstream& given, std::span<const Mirror> mirrors,
                                  const UpstreamKind& kind) {
    const auto url = folder(given.url);
    if (!url)
        return std::unexpected(url.error());
    const auto* known = find_mirror(kind.catalogue, url->str(), mirrors);
    if (known && known->files.empty())
        known = nullptr; // a row that is kept as a warning only
    auto files = file_prefixes(given, *url, known);
    if (!files)
        return std::unexpected(files.error());
    auto packages = package_root(given, *url, known);
    if (!packages)
        return std::unexpected(packages.error());
    UpstreamSettings out{url->str(),
                         std::move(*files),
                         std::move(*packages),
                         url->host(),
                         false,
                         given.flat.value_or(known && known->layout == "flat")};
    if (known)
        out.family = known->counts_as();
    if (given.family)
        out.family = *given.family;
    return out;
}

ReadUpstreams read_upstreams(const Written& written, std::span<const Mirror> mirrors, const UpstreamKind& kind) {
    ReadUpstreams out;
    const auto given = read_given(written, out.problems, kind);
    std::set<std::string> seen;
    for (const auto& [upstream, where] : given) {
        auto completed = complete(upstream, mirrors, kind);
        if (!completed) {
            out.problems.push_back(fmt::format("{}: {}: {}", where, kind.setting, completed.error().message));
            continue;
        }
        if (!seen.insert(completed->url).second)
            out.problems.push_back(fmt::format("{}: {}: \"{}\" is given twice", where, kind.setting, completed->url));
        out.upstreams.push_back(std::move(*completed));
    }
    if (out.problems.empty())
        choose_root(given, out.upstreams, mirrors, kind, out.problems);
    return out;
}

std::string show_upstreams(const std::vector<UpstreamSettings>& upstreams, const UpstreamKind& kind) {
    std::string out;
    for (const auto& upstream : upstreams) {
        out += fmt::format("\n[[{}]]\nurl = {}\nfiles = {}\n", kind.setting, toml_quoted(upstream.url),
                           toml_list(upstream.files));
        if (kind.has_packages)
            out += fmt::format("packages = {}\n", toml_quoted(upstream.packages));
        out += fmt::format("family = {}\nroot = {}\n", toml_quoted(upstream.family), upstream.root);
        if (kind.has_layout)
            out += fmt::format("layout = \"{}\"\n", upstream.flat ? "flat" : "tree");
    }
    return out;
}

} // namespace yizhan
