#include "config/machine_settings.hpp"

#include "config/nearest.hpp"
#include "config/settings_file.hpp"
#include "config/url.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace yizhan {
namespace {

using Form = Written::Form;
using M = MachineSettings;

struct Key {
    UpstreamKey shown;
    std::optional<std::string> (*set)(M&, const Written&);
};

template <std::string M::* Field>
std::optional<std::string> a_word(M& machine, const Written& written) {
    if (written.form != Form::string)
        return "expected a string in quotes";
    machine.*Field = written.text;
    return std::nullopt;
}

template <bool M::* Field>
std::optional<std::string> a_switch(M& machine, const Written& written) {
    if (written.form != Form::boolean)
        return "expected true or false, without quotes";
    machine.*Field = written.text == "true";
    return std::nullopt;
}

std::optional<std::string> some_gpus(M& machine, const Written& written) {
    if (written.form == Form::string)
        machine.gpu = {written.text};
    else if (written.form == Form::list)
        machine.gpu = written.items;
    else
        return "expected a list of names in quotes, such as [\"Quadro K620\"]";
    return std::nullopt;
}

const std::vector<Key>& keys() {
    static const std::vector<Key> table{
        {{"gpu", "list of strings", "Its GPUs, by name (\"Quadro K620\") or compute capability (\"5.0\")."}, some_gpus},
        {{"driver", "string", "Its driver as nvidia-smi shows it: \"441.22\"."}, a_word<&M::driver>},
        {{"cuda", "string", "The newest CUDA that it runs, instead of a driver: \"10.2\"."}, a_word<&M::cuda>},
        {{"cudnn", "string", "The cuDNN that is installed beside that: \"7.6\"."}, a_word<&M::cudnn>},
        {{"python", "string", "Its Python: \"3.6\". Left out: any."}, a_word<&M::python>},
        {{"platform", "string", "\"win_amd64\", \"manylinux_2_28_x86_64\", … Required."}, a_word<&M::platform>},
        {{"wsl2", "true or false", "Linux on the driver of Windows."}, a_switch<&M::wsl2>},
        {{"only", "true or false", "Builds that do not fit are hidden rather than yanked: for a pip before 19.2."},
         a_switch<&M::only>},
    };
    return table;
}

bool is_machine_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

} // namespace

std::vector<UpstreamKey> machine_keys() {
    std::vector<UpstreamKey> out;
    for (const auto& key : keys())
        out.push_back(key.shown);
    return out;
}

Problems read_machine_setting(std::map<std::string, MachineSettings>& machines, std::string_view name,
                              const Written& value, const std::string& where) {
    const auto dot = name.find('.');
    const std::string machine(name.substr(0, dot));
    if (!is_machine_name(machine))
        return {fmt::format("{}: \"{}\" is no name of a machine; expected 1 to 64 letters, digits, '-' and '_'", where,
                            redacted(machine))};
    const bool whole = dot == std::string_view::npos;
    if (whole && value.form == Form::other && value.text == empty_section) {
        machines[machine];
        return {};
    }
    if (whole)
        return {fmt::format("{}: machines.{} is a table; expected [machines.{}] and its keys below it", where, machine,
                            machine)};
    const auto wanted = name.substr(dot + 1);
    const auto key =
        std::ranges::find(keys(), wanted, [](const Key& known) { return std::string_view(known.shown.name); });
    if (key == keys().end()) {
        std::vector<std::string> names;
        for (const auto& known : keys())
            names.push_back(known.shown.name);
        const auto near = nearest(wanted, names);
        return {fmt::format("{}: unknown key \"{}\" in [machines.{}]; expected {}{}", where, redacted(wanted), machine,
                            fmt::join(names, ", "), near ? fmt::format("; did you mean \"{}\"?", *near) : "")};
    }
    if (const auto wrong = key->set(machines[machine], value))
        return {fmt::format("{}: machines.{}: {}", value.where, name, *wrong)};
    return {};
}

std::string show_machines(const std::map<std::string, MachineSettings>& machines) {
    std::string out;
    for (const auto& [name, machine] : machines) {
        out += fmt::format("\n[machines.{}]\n", name);
        if (!machine.gpu.empty())
            out += fmt::format("gpu = {}\n", toml_list(machine.gpu));
        for (const auto& [key, text] : {std::pair("driver", &machine.driver), std::pair("cuda", &machine.cuda),
                                        std::pair("cudnn", &machine.cudnn), std::pair("python", &machine.python),
                                        std::pair("platform", &machine.platform)})
            if (!text->empty())
                out += fmt::format("{} = {}\n", key, toml_quoted(*text));
        if (machine.wsl2)
            out += "wsl2 = true\n";
        if (machine.only)
            out += "only = true\n";
    }
    return out;
}

} // namespace yizhan
