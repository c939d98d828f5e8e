#include "config/settings_text.hpp"
#include "proxy/cli/commands.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>

namespace {

using yizhan::Overrides;

void add_config_option(CLI::App& command, Overrides& overrides) {
    command.add_option("--config", overrides.config_file, "Settings file (TOML)")->type_name("FILE");
}

// The flags that every command which reads all settings takes; they are short spellings of settings.
void add_settings_options(CLI::App& command, Overrides& overrides) {
    add_config_option(command, overrides);
    const auto add = [&](const char* flag, const char* setting, const char* help, const char* type) {
        command
            .add_option_function<std::vector<std::string>>(
                flag,
                [&overrides, setting](const std::vector<std::string>& values) {
                    for (const auto& value : values)
                        overrides.values.emplace_back(setting, value);
                },
                help)
            ->type_name(type);
    };
    add("--listen", "listen", "Address and port to serve on; may be given several times", "ADDR");
    add("--data", "data", "Folder of the store", "DIR");
    add("--upstream", "upstream", "Index to ask instead of the built-in mirrors; the first is the root", "URL");
    command.add_flag_callback(
        "--offline", [&overrides] { overrides.values.emplace_back("offline", "true"); },
        "Serve from the store alone; open no outgoing connection");
    command
        .add_option_function<std::vector<std::string>>(
            "--set",
            [&overrides](const std::vector<std::string>& pairs) {
                for (const auto& pair : pairs) {
                    const auto equals = pair.find('=');
                    if (equals == std::string::npos)
                        throw CLI::ValidationError("--set", "\"" + pair +
                                                                "\" should be NAME=VALUE, for example "
                                                                "relay.stall_timeout=4s");
                    overrides.values.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
                }
            },
            "Any setting by its name, for example relay.stall_timeout=4s")
        ->type_name("NAME=VALUE");
}

/// What main() runs once everything is parsed.
using Chosen = std::function<int()>;

/// Ties a command to what it does with what it was asked, which its options filled in.
template <class Question>
void choose(CLI::App& command, Chosen& chosen, int (*run)(const Question&), std::shared_ptr<Question> question) {
    command.callback(
        [&chosen, run, question = std::move(question)] { chosen = [run, question] { return run(*question); }; });
}

void add_machine_commands(CLI::App& app, Chosen& chosen) {
    auto* machine = app.add_subcommand("machine", "Find out and show what a machine can run");
    machine->require_subcommand(1);
    const auto question = std::make_shared<yizhan::MachineQuestion>();
    auto* detect = machine->add_subcommand("detect", "Name this machine, with every doubt, and the lines to use");
    detect->add_option("--python", question->python, "Python to install for; default: that of python3 on PATH")
        ->type_name("3.11");
    detect->add_option("--server", question->server, "yizhan's address for the lines; default: " + question->server)
        ->type_name("URL");
    auto* show = machine->add_subcommand("show", "Say what a machine's name means: tags, drivers, CUDA builds");
    show->add_option("machine", question->machine,
                     "A name of the settings, or such as driver441.22-sm50-cp36-win_amd64")
        ->required();
    add_config_option(*show, question->overrides);
    for (auto* command : {detect, show})
        command->add_flag("--json", question->json, "As JSON");
    choose(*detect, chosen, yizhan::machine_detect, question);
    choose(*show, chosen, yizhan::machine_show, question);
}

void add_lint_command(CLI::App& app, Chosen& chosen) {
    auto* lint =
        app.add_subcommand("lint", "Find what leads past the matched index, past TLS, or to builds that cannot "
                                   "run");
    const auto question = std::make_shared<yizhan::LintQuestion>();
    lint->add_option("files", question->files,
                     "Requirements files, pip.conf, uv.toml, pyproject.toml, Pipfile, lock files")
        ->required()
        ->type_name("FILE");
    lint->add_option("--for", question->machine,
                     "Judge pins for this machine too: a name of the settings, or as `machine detect` names it")
        ->type_name("MACHINE");
    add_config_option(*lint, question->overrides);
    lint->add_flag("--json", question->json, "As JSON");
    lint->footer("Exit status: 0 nothing was found, 1 something was, 2 a file could not be read");
    choose(*lint, chosen, yizhan::lint_files, question);
}

void add_lock_commands(CLI::App& app, Chosen& chosen) {
    auto* lock = app.add_subcommand("lock", "Work on lock files");
    lock->require_subcommand(1);
    auto* rewrite = lock->add_subcommand("rewrite", "Move their URLs to the lab's yizhan, or back; hashes stay");
    const auto question = std::make_shared<yizhan::RewriteQuestion>();
    rewrite->add_option("files", question->files, "uv.lock, pylock.toml, poetry.lock, pdm.lock, requirements with URLs")
        ->required()
        ->type_name("FILE");
    rewrite->add_option("--to", question->target, "Which addresses the URLs get")
        ->required()
        ->type_name("lab|canonical");
    rewrite->add_option("--lab", question->lab, "The lab's yizhan; default: " + question->lab)->type_name("URL");
    rewrite->add_flag("--mirrors", question->mirrors,
                      "To the lab also URLs of known mirrors, which come back as the official ones");
    rewrite->add_flag("--check", question->check, "Change nothing; exit status 1 where a file would change");
    choose(*rewrite, chosen, yizhan::lock_rewrite, question);
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"驿站 yizhan: a mirror-aware caching proxy for pip and uv", "yizhan"};
    app.set_version_flag("--version", "yizhan " YIZHAN_VERSION);
    app.require_subcommand(1);
    app.footer("Start it with `yizhan serve`, then: pip install -i http://127.0.0.1:8080/simple/ PACKAGE");

    Overrides overrides;
    bool json = false, mirrors = false;
    auto* serve = app.add_subcommand("serve", "Run the service");
    add_settings_options(*serve, overrides);
    serve->footer([] { return yizhan::help_text(); });

    auto* status = app.add_subcommand("status", "Show how the running service is");
    add_settings_options(*status, overrides);
    status->add_flag("--json", json, "As JSON");
    status->add_flag("--mirrors", mirrors, "How each mirror does: speed, rest, whose fault failures were");

    std::string project, machine;
    auto* explain = app.add_subcommand("explain", "Why a machine gets the build of a project that it gets");
    explain->add_option("project", project, "torch, torchvision, torchaudio, torchtext, tensorflow, …")
        ->required()
        ->type_name("PROJECT");
    explain
        ->add_option("--for", machine,
                     "The machine: a name of the service's settings, or a literal such as "
                     "driver441.22-quadro_k620-cp36-win_amd64, cu118-cp310-linux_x86_64 or cpu-cp311-win_amd64")
        ->required()
        ->type_name("MACHINE");
    explain->add_flag("--json", json, "As JSON");
    add_settings_options(*explain, overrides);

    auto* trust = app.add_subcommand("trust", "Names that two words disagree about");
    trust->require_subcommand(1);
    auto* disputed = trust->add_subcommand("list", "Show them: what stands, and what is claimed");
    add_settings_options(*disputed, overrides);
    disputed->add_flag("--json", json, "As JSON");
    auto* accept = trust->add_subcommand("accept", "Believe what is claimed, from the next fetch on");
    add_settings_options(*accept, overrides);
    std::string disputed_key;
    accept->add_option("KEY", disputed_key, "As `trust list` shows it")->required();

    auto* config = app.add_subcommand("config", "Check and show settings");
    config->require_subcommand(1);
    auto* check = config->add_subcommand("check", "Check the settings without starting anything");
    add_settings_options(*check, overrides);
    auto* print = config->add_subcommand("print", "Print the settings in force, without credentials");
    add_settings_options(*print, overrides);
    auto* reference = config->add_subcommand("reference", "Print the reference of all settings (Markdown)");

    Chosen chosen;
    add_machine_commands(app, chosen);
    add_lint_command(app, chosen);
    add_lock_commands(app, chosen);

    CLI11_PARSE(app, argc, argv);
    if (chosen)
        return chosen();
    if (*serve)
        return yizhan::serve(overrides);
    if (*status)
        return yizhan::status(overrides, json, mirrors);
    if (*explain)
        return yizhan::explain(overrides, project, machine, json);
    if (*disputed)
        return yizhan::trust_list(overrides, json);
    if (*accept)
        return yizhan::trust_accept(overrides, disputed_key);
    if (*check)
        return yizhan::config_check(overrides);
    if (*print)
        return yizhan::config_print(overrides);
    if (*reference)
        return yizhan::config_reference();
    return 2;
}
