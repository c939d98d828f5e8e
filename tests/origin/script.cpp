#include "tests/origin/script.hpp"

#include "tests/origin/script_words.hpp"

#include <functional>
#include <stdexcept>

namespace yizhan::origin {

namespace {

using Option = Statement::Option;

/// What each option of a statement does with its value; an option that is not here is an error.
template <class Target>
using Table = std::map<std::string, std::function<void(Target&, const std::string&)>, std::less<>>;

template <class Target>
void apply(const Table<Target>& table, Target& target, const Option& option) {
    const auto found = table.find(option.name);
    if (found == table.end()) {
        throw std::runtime_error("unknown option \"" + option.name + "\"");
    }
    found->second(target, option.value);
}

template <class Value>
Value one_of(const std::map<std::string, Value, std::less<>>& names, const std::string& text) {
    const auto found = names.find(text);
    if (found == names.end()) {
        throw std::runtime_error("unknown value \"" + text + "\"");
    }
    return found->second;
}

std::int64_t signed_size(const std::string& text) {
    return text.starts_with('-') ? -static_cast<std::int64_t>(parse_size(text.substr(1)))
                                 : static_cast<std::int64_t>(parse_size(text));
}

void add_server(Farm& farm, const Statement& statement) {
    static const Table<ServerOptions> table{
        {"address", [](auto& o, auto& v) { o.address = v; }},
        {"port", [](auto& o, auto& v) { o.port = static_cast<std::uint16_t>(parse_size(v)); }},
        {"rate", [](auto& o, auto& v) { o.rate = parse_size(v); }},
        {"connection-rate", [](auto& o, auto& v) { o.connection_rate = parse_size(v); }},
        {"delay", [](auto& o, auto& v) { o.delay = parse_time(v); }},
    };
    ServerOptions options;
    options.address.clear();
    for (const Option& option : statement.options(2)) {
        if (option.name == "tls") {
            options.tls = &farm.authority();
            options.certificate = one_of<Certificate>({{"", Certificate::good},
                                                       {"good", Certificate::good},
                                                       {"expired", Certificate::expired},
                                                       {"wrong-name", Certificate::wrong_name},
                                                       {"self-signed", Certificate::self_signed}},
                                                      option.value);
        } else {
            apply(table, options, option);
        }
    }
    farm.add(statement.word(1, "a server's name"), std::move(options));
}

struct Served {
    Resource resource;
    std::optional<std::uint64_t> seed;
    std::uint64_t size = 0;
    std::optional<std::string> text;
};

void serve(Farm& farm, const Statement& statement) {
    static const Table<Served> table{
        {"random", [](auto& s, auto& v) { s.seed = parse_size(v); }},
        {"size", [](auto& s, auto& v) { s.size = parse_size(v); }},
        {"text", [](auto& s, auto& v) { s.text = v; }},
        {"status", [](auto& s, auto& v) { s.resource.status = static_cast<unsigned>(parse_size(v)); }},
        {"type", [](auto& s, auto& v) { s.resource.content_type = v; }},
        {"etag", [](auto& s, auto& v) { s.resource.etag = v; }},
        {"header", [](auto& s, auto& v) { s.resource.fields.push_back(parse_field(v)); }},
    };
    Served served;
    for (const Option& option : statement.options(3)) {
        apply(table, served, option);
    }
    if (served.text && served.seed) {
        throw std::runtime_error("text and random exclude each other");
    }
    served.resource.body = served.text ? Body::text(*served.text) : Body::random(served.seed.value_or(1), served.size);
    if (served.resource.etag.empty()) {
        served.resource.etag = file(served.resource.body).etag;
    }
    farm.at(statement.word(1, "a server's name")).serve(statement.word(2, "a path"), std::move(served.resource));
}

struct WheelLine {
    WheelOptions options;
    std::optional<std::string> yanked;
    std::optional<std::string> uploaded;
};

void add_wheel(Farm& farm, const Statement& statement) {
    static const Table<WheelLine> table{
        {"size", [](auto& w, auto& v) { w.options.size = parse_size(v); }},
        {"seed", [](auto& w, auto& v) { w.options.seed = parse_size(v); }},
        {"requires", [](auto& w, auto& v) { w.options.requires_dist.push_back(v); }},
        {"requires-python", [](auto& w, auto& v) { w.options.requires_python = v; }},
        {"tag", [](auto& w, auto& v) { w.options.tag = v; }},
        {"yanked", [](auto& w, auto& v) { w.yanked = v; }},
        {"uploaded", [](auto& w, auto& v) { w.uploaded = v; }},
    };
    WheelLine line;
    for (const Option& option : statement.options(3)) {
        apply(table, line, option);
    }
    auto& added = farm.index().add_wheel(statement.word(1, "a project"), statement.word(2, "a version"), line.options);
    added.yanked = line.yanked;
    if (line.uploaded)
        added.upload_time = *line.uploaded;
}

void publish(Farm& farm, const Statement& statement) {
    using P = PublishOptions;
    static const Table<P> table{
        {"index", [](auto& p, auto& v) { p.index = v; }},
        {"paths",
         [](auto& p, auto& v) {
             p.paths = one_of<P::Paths>({{"pypi", P::Paths::pypi}, {"plain", P::Paths::plain}}, v);
         }},
        {"links",
         [](auto& p, auto& v) {
             p.links = one_of<P::Links>(
                 {{"relative", P::Links::relative}, {"absolute", P::Links::absolute}, {"rooted", P::Links::rooted}}, v);
         }},
        {"hash",
         [](auto& p, auto& v) { p.hash = one_of<P::Hash>({{"sha256", P::Hash::sha256}, {"none", P::Hash::none}}, v); }},
        {"metadata",
         [](auto& p, auto& v) {
             p.metadata = one_of<P::Metadata>({{"yes", P::Metadata::yes},
                                               {"no", P::Metadata::no},
                                               {"missing", P::Metadata::missing},
                                               {"unannounced", P::Metadata::unannounced}},
                                              v);
         }},
        {"json", [](auto& p, auto& v) { p.json = v != "no"; }},
        {"files", [](auto& p, auto& v) { p.files = v != "no"; }},
        {"serial", [](auto& p, auto& v) { p.serial = parse_size(v); }},
        {"only", [](auto& p, auto& v) { p.only.push_back(v); }},
        {"without", [](auto& p, auto& v) { p.without.push_back(v); }},
        {"other-hash", [](auto& p, auto& v) { p.other_hash.push_back(v); }},
    };
    P options;
    for (const Option& option : statement.options(2)) {
        if (option.name == "files-on") {
            options.files_on = &farm.at(option.value);
        } else {
            apply(table, options, option);
        }
    }
    farm.index().publish(farm.at(statement.word(1, "a server's name")), options);
}

const Table<Behaviour>& actions() {
    static const Table<Behaviour> table{
        {"cut", [](auto& b, auto& v) { b.cut(parse_offset(v)); }},
        {"reset", [](auto& b, auto& v) { b.reset(parse_offset(v)); }},
        {"stall",
         [](auto& b, auto& v) {
             const auto [at, gate] = split_at(v, '@');
             b.stall(parse_offset(at), std::string(gate));
         }},
        {"pause",
         [](auto& b, auto& v) {
             const auto [at, time] = split_at(v, '@');
             b.pause(parse_offset(at), parse_time(time));
         }},
        {"rate",
         [](auto& b, auto& v) {
             const auto [at, rate] = split_at(v, '@');
             b.rate(parse_offset(at), parse_size(rate));
         }},
        {"drip",
         [](auto& b, auto& v) {
             const auto [at, how] = split_at(v, '@');
             const auto [bytes, interval] = split_at(how, '/');
             b.drip(parse_offset(at), parse_size(bytes), parse_time(interval));
         }},
        {"flip", [](auto& b, auto& v) { b.flip(parse_offset(v)); }},
        {"lie", [](auto& b, auto& v) { b.lie(parse_size(v)); }},
        {"length", [](auto& b, auto& v) { b.declare_length(parse_size(v)); }},
        {"chunked", [](auto& b, auto&) { b.chunked(); }},
        {"until-close", [](auto& b, auto&) { b.until_close(); }},
        {"append", [](auto& b, auto& v) { b.append(v); }},
        {"raw", [](auto& b, auto& v) { b.raw(v); }},
        {"header",
         [](auto& b, auto& v) {
             auto [name, value] = parse_field(v);
             b.add_field(std::move(name), std::move(value));
         }},
        {"line", [](auto& b, auto& v) { b.add_line(v); }},
        {"drop", [](auto& b, auto& v) { b.drop_field(v); }},
        {"ignore-range", [](auto& b, auto&) { b.ignore_range(); }},
        {"refuse-range", [](auto& b, auto&) { b.refuse_range(); }},
        {"shift-range", [](auto& b, auto& v) { b.shift_range(signed_size(v)); }},
        {"claim-total", [](auto& b, auto& v) { b.claim_total(parse_size(v)); }},
        {"ignore-conditions", [](auto& b, auto&) { b.ignore_conditions(); }},
        {"cut-head", [](auto& b, auto& v) { b.cut_head(parse_size(v)); }},
        {"reset-head", [](auto& b, auto& v) { b.reset_head(parse_size(v)); }},
        {"stall-head", [](auto& b, auto& v) { b.stall_head(v); }},
        {"delay", [](auto& b, auto& v) { b.delay(parse_time(v)); }},
        {"empty", [](auto& b, auto&) { b.instead(empty()); }},
        {"challenge", [](auto& b, auto&) { b.instead(challenge()); }},
        {"forbidden", [](auto& b, auto&) { b.instead(forbidden()); }},
        {"missing", [](auto& b, auto&) { b.instead(not_found()); }},
        {"too-many", [](auto& b, auto& v) { b.instead(too_many(v.empty() ? -1 : static_cast<int>(parse_size(v)))); }},
        {"redirect", [](auto& b, auto& v) { b.instead(redirect(v)); }},
        {"status", [](auto& b, auto& v) { b.instead(text(static_cast<unsigned>(parse_size(v)), "scripted\n")); }},
    };
    return table;
}

void add_fault(Farm& farm, const Statement& statement) {
    static const Table<When> conditions{
        {"first", [](auto& w, auto& v) { w.first = static_cast<unsigned>(parse_size(v)); }},
        {"count", [](auto& w, auto& v) { w.count = static_cast<unsigned>(parse_size(v)); }},
        {"method", [](auto& w, auto& v) { w.method = v; }},
        {"when", [](auto& w, auto& v) { std::tie(w.field, w.containing) = parse_field(v); }},
    };
    Behaviour behaviour;
    When when;
    for (const Option& option : statement.options(3)) {
        if (conditions.contains(option.name)) {
            apply(conditions, when, option);
        } else {
            apply(actions(), behaviour, option);
        }
    }
    farm.at(statement.word(1, "a server's name")).misbehave(statement.word(2, "a path"), behaviour, when);
}

void behave(Farm& farm, const Statement& statement) {
    Server& server = farm.at(statement.word(1, "a server's name"));
    if (statement.words() > 2) {
        server.behave(statement.word(2, "a path"));
    } else {
        server.behave();
    }
}

using Run = std::function<void(Farm&, const Statement&)>;

Run on_server(std::function<void(Server&)> what) {
    return [what = std::move(what)](Farm& farm, const Statement& s) { what(farm.at(s.word(1, "a server's name"))); };
}

const std::map<std::string, Run, std::less<>>& statements() {
    static const std::map<std::string, Run, std::less<>> table{
        {"server", add_server},
        {"serve", serve},
        {"wheel", add_wheel},
        {"publish", publish},
        {"fault", add_fault},
        {"behave", behave},
        {"refuse", on_server([](Server& s) { s.refuse(); })},
        {"black-hole", on_server([](Server& s) { s.black_hole(); })},
        {"mute", on_server([](Server& s) { s.mute(true); })},
        {"listen", on_server([](Server& s) {
             s.mute(false);
             s.listen();
         })},
        {"remove", [](Farm& farm, const Statement& s) { farm.remove(s.word(1, "a server's name")); }},
        {"rate",
         [](Farm& farm, const Statement& s) {
             farm.at(s.word(1, "a server's name")).set_rate(parse_size(s.word(2, "a rate")));
         }},
        {"open", [](Farm& farm, const Statement& s) { farm.gates().open(s.word(1, "a gate's name")); }},
        {"close", [](Farm& farm, const Statement& s) { farm.gates().close(s.word(1, "a gate's name")); }},
    };
    return table;
}

/// ${NAME} → the server's origin.
std::string expanded(Farm& farm, std::string_view line) {
    std::string out;
    while (true) {
        const auto begin = line.find("${");
        out += line.substr(0, begin);
        if (begin == std::string_view::npos) {
            return out;
        }
        const auto end = line.find('}', begin);
        if (end == std::string_view::npos) {
            throw std::runtime_error("${ without }");
        }
        out += farm.at(std::string(line.substr(begin + 2, end - begin - 2))).origin();
        line.remove_prefix(end + 1);
    }
}

} // namespace

void run_script(Farm& farm, std::string_view script) {
    for (std::size_t number = 1; !script.empty(); ++number) {
        const auto end = script.find('\n');
        const std::string_view line = script.substr(0, end);
        script.remove_prefix(end == std::string_view::npos ? script.size() : end + 1);
        try {
            const auto statement = Statement::parse(expanded(farm, line));
            if (!statement) {
                continue;
            }
            const auto found = statements().find(statement->word(0, "a statement"));
            if (found == statements().end()) {
                throw std::runtime_error("unknown statement \"" + statement->word(0, "") + "\"");
            }
            found->second(farm, *statement);
        } catch (const std::exception& problem) {
            throw std::runtime_error("line " + std::to_string(number) + ": " + problem.what());
        }
    }
}

} // namespace yizhan::origin
