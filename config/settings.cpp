#include "config/settings.hpp"

#include "config/catalogue.hpp"
#include "config/machine_settings.hpp"
#include "config/nearest.hpp"
#include "config/schema.hpp"
#include "config/settings_file.hpp"
#include "config/upstreams.hpp"
#include "config/url.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <unistd.h>

namespace yizhan {
namespace {

namespace fs = std::filesystem;

std::string variable(const Environment& environment, const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string{} : found->second;
}

/// $<xdg>/<rest>, else ~/<fallback>/<rest>; empty without both. Relative XDG paths do not count (XDG 0.8).
fs::path user_folder(const Environment& environment, const std::string& xdg, const fs::path& fallback,
                     const fs::path& rest) {
    if (const fs::path set = variable(environment, xdg); set.is_absolute())
        return set / rest;
    const fs::path home = variable(environment, "HOME");
    return home.empty() ? fs::path{} : home / fallback / rest;
}

struct ConfigFile {
    fs::path path; ///< empty: none
    bool named = false;
};

ConfigFile find_file(const Overrides& overrides, const Environment& environment) {
    if (!overrides.config_file.empty())
        return {overrides.config_file, true};
    if (const auto named = variable(environment, "YIZHAN_CONFIG"); !named.empty())
        return {named, true};
    for (const auto& path : {user_folder(environment, "XDG_CONFIG_HOME", ".config", "yizhan/yizhan.toml"),
                             fs::path("/etc/yizhan/yizhan.toml")})
        if (std::error_code error; !path.empty() && fs::exists(path, error))
            return {path, false};
    return {};
}

/// Lays layer over layer, the weakest first, and gathers the problems of all.
class Layers {
  public:
    explicit Layers(const Environment& environment) : environment_(environment) {
        std::error_code error;
        working_folder_ = fs::current_path(error);
        for (const auto& setting : schema()) {
            names_.push_back(setting.name);
            variables_.push_back(environment_name(setting.name).substr(prefix.size()));
        }
    }

    void file(const ConfigFile& file) {
        const auto assignments = read_settings_file(file.path);
        if (!assignments) {
            problems_.push_back(assignments.error().message + (assignments.error().code == Errc::not_found
                                                                   ? "; name another with --config or YIZHAN_CONFIG"
                                                                   : ""));
            return;
        }
        const auto base = (working_folder_ / file.path).parent_path();
        std::string last_section;
        for (const auto& assignment : *assignments)
            from_file(assignment, base, last_section);
    }

    void environment() {
        for (const auto& [name, value] : environment_) {
            if (!name.starts_with(prefix) || name == "YIZHAN_CONFIG")
                continue;
            const auto rest = name.substr(prefix.size()); // compared without the prefix, which makes all names similar
            const auto known = std::ranges::find(variables_, rest);
            if (known != variables_.end())
                set(*find_setting(names_[static_cast<std::size_t>(known - variables_.begin())]), from_text(value, name),
                    working_folder_);
            else
                problems_.push_back(fmt::format("{}: no setting has this variable; unset it{}", redacted(name),
                                                did_you_mean(rest, variables_, prefix)));
        }
    }

    void overrides(const std::vector<std::pair<std::string, std::string>>& values) {
        std::vector<std::pair<const Setting*, std::string>> merged;
        for (const auto& [key, value] : values) {
            const auto* setting = find_setting(key == "upstream" ? "pypi.upstream" : key);
            if (!setting) {
                problems_.push_back(fmt::format("{}: unknown setting \"{}\"{}", command_line, redacted(key),
                                                did_you_mean(key, names_)));
                continue;
            }
            const auto before = std::ranges::find(merged, setting, &decltype(merged)::value_type::first);
            if (before == merged.end())
                merged.emplace_back(setting, value);
            else
                before->second = setting->list ? before->second + "," + value : value;
        }
        for (const auto& [setting, value] : merged)
            set(*setting, from_text(value, std::string(command_line)), working_folder_);
    }

    /// What depends on the machine and was not given.
    void defaults() {
        if (settings_.data.empty()) {
            settings_.data = user_folder(environment_, "XDG_DATA_HOME", ".local/share", "yizhan");
            if (settings_.data.empty() && !settings_.origin.contains("data"))
                problems_.push_back(
                    "data: no folder is given and HOME is not set; expected data = \"/var/lib/yizhan\" in "
                    "the configuration file, YIZHAN_DATA or --data");
        }
        if (settings_.pypi.upstream.empty())
            settings_.pypi.upstream = default_upstreams(pypi_upstreams.catalogue);
        if (settings_.pytorch.upstream.empty())
            settings_.pytorch.upstream = default_upstreams(pytorch_upstreams.catalogue);
    }

    Result<Settings> result() {
        if (problems_.empty())
            return std::move(settings_);
        if (problems_.size() == 1)
            return fail(Errc::invalid, problems_.front());
        return fail(Errc::invalid, fmt::format("the settings have {} problems", problems_.size()), problems_);
    }

  private:
    static constexpr std::string_view command_line = "command line";
    static constexpr std::string_view prefix = "YIZHAN_";
    static constexpr const char* machines_section = "machines";

    static Written from_text(const std::string& value, std::string where) {
        return {Written::Form::text, value, {}, {}, std::move(where)};
    }

    static std::string did_you_mean(std::string_view name, const std::vector<std::string>& known,
                                    std::string_view before = "") {
        const auto near = nearest(name, known);
        return near ? fmt::format("; did you mean {}{}?", before, *near) : "";
    }

    void set(const Setting& setting, const Written& written, const fs::path& base) {
        auto wrong = setting.set(settings_, written, {base, variable(environment_, "HOME")});
        settings_.origin[setting.name] = written.where; // also when wrong: nothing more is said about it
        std::ranges::move(wrong, std::back_inserter(problems_));
    }

    bool is_section(std::string_view name) const {
        return std::ranges::any_of(names_, [&](const std::string& known) { return section_of(known) == name; });
    }

    void from_file(const Assignment& assignment, const fs::path& base, std::string& last_section) {
        const auto& [name, value, where] = assignment;
        if (const auto* setting = find_setting(name)) {
            set(*setting, value, base);
            return;
        }
        if ((is_section(name) || name == machines_section) && value.text == empty_section &&
            value.form == Written::Form::other)
            return;
        const auto shown = redacted(name);
        if (is_section(name)) {
            problems_.push_back(
                fmt::format("{}: \"{}\" is a section; expected [{}] and settings below it", where, shown, shown));
        } else if (const auto list = list_of_tables(name); !list.empty()) {
            if (std::exchange(last_section, list) != list)
                problems_.push_back(fmt::format(
                    "{}: {} is a list of tables; expected [[{}]] with two brackets on each side", where, list, list));
        } else if (name.starts_with(machines_prefix)) {
            auto wrong = read_machine_setting(settings_.machines, name.substr(machines_prefix.size()), value, where);
            std::ranges::move(wrong, std::back_inserter(problems_));
        } else if (const auto section = std::string(section_of(name + ".")); section != name || is_table(value)) {
            unknown_below(section, assignment, last_section);
        } else {
            problems_.push_back(fmt::format("{}: unknown setting \"{}\"{}", where, shown, did_you_mean(name, names_)));
        }
    }

    /// The setting that holds tables, where `name` is a key written as if there were only one.
    static std::string list_of_tables(std::string_view name) {
        for (const auto& kind : {pypi_upstreams, pytorch_upstreams})
            if (name.starts_with(std::string(kind.setting) + "."))
                return std::string(kind.setting);
        return {};
    }

    static bool is_table(const Written& value) {
        return value.form == Written::Form::tables ||
               (value.form == Written::Form::other && value.text == empty_section);
    }

    /// A name with a dot, or a table: in a known section a wrong name, else a section that is told once.
    void unknown_below(const std::string& section, const Assignment& assignment, std::string& last_section) {
        if (is_section(section)) {
            problems_.push_back(fmt::format("{}: unknown setting \"{}\"{}", assignment.where, redacted(assignment.name),
                                            did_you_mean(assignment.name, names_)));
            return;
        }
        if (std::exchange(last_section, section) == section)
            return;
        std::vector<std::string> sections;
        for (const auto& name : names_)
            if (const std::string known(section_of(name));
                !known.empty() && (sections.empty() || sections.back() != known))
                sections.push_back(known);
        sections.push_back(machines_section);
        const auto near = nearest(section, sections);
        problems_.push_back(fmt::format("{}: this version does not know the section [{}]; expected {}{}",
                                        assignment.where, redacted(section), fmt::join(sections, ", "),
                                        near ? fmt::format("; did you mean [{}]?", *near) : ""));
    }

    const Environment& environment_;
    fs::path working_folder_;
    std::vector<std::string> names_;
    std::vector<std::string> variables_; ///< by the same index, without the prefix
    Settings settings_;
    Problems problems_;
};

} // namespace

std::string default_user_agent() {
    return "yizhan/" YIZHAN_VERSION;
}

Environment process_environment() {
    Environment out;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view text(*entry);
        if (const auto equals = text.find('='); equals != std::string_view::npos)
            out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return out;
}

Result<Settings> load_settings(const Overrides& overrides) {
    return load_settings(overrides, process_environment());
}

Result<Settings> load_settings(const Overrides& overrides, const Environment& environment) {
    Layers layers(environment);
    if (const auto file = find_file(overrides, environment); !file.path.empty())
        layers.file(file);
    layers.environment();
    layers.overrides(overrides.values);
    layers.defaults();
    return layers.result();
}

} // namespace yizhan
