#include "config/settings_file.hpp"

// Header-only here and nowhere else: 17,000 lines that every other file is spared.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#undef TOML_SHARED_LIB
#undef TOML_HEADER_ONLY
#define TOML_HEADER_ONLY 1
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

namespace yizhan {
namespace {

using Form = Written::Form;

class Flattener {
  public:
    explicit Flattener(std::string_view name) : name_(name) {}

    void table(const toml::table& table, const std::string& prefix, std::vector<Assignment>& out) const {
        for (const auto& [key, node] : in_file_order(table)) {
            const std::string full = prefix + std::string(key->str());
            const auto where = place(key->source());
            const auto* inner = node->as_table();
            if (!inner)
                out.push_back({full, written(*node), where});
            else if (inner->empty())
                out.push_back({full, {Form::other, std::string(empty_section), {}, {}, where}, where});
            else
                this->table(*inner, full + ".", out);
        }
    }

    std::string place(const toml::source_region& source) const {
        return fmt::format("{}:{}:{}", name_, source.begin.line, source.begin.column);
    }

  private:
    using Entry = std::pair<const toml::key*, const toml::node*>;

    /// toml++ sorts keys; complaints come in the order in which they are read.
    static std::vector<Entry> in_file_order(const toml::table& table) {
        std::vector<Entry> out;
        for (const auto& [key, node] : table)
            out.emplace_back(&key, &node);
        std::ranges::sort(out, {}, [](const Entry& entry) {
            const auto& begin = entry.first->source().begin;
            return std::pair(begin.line, begin.column);
        });
        return out;
    }

    Written written(const toml::node& node) const {
        Written out{Form::other, "", {}, {}, place(node.source())};
        if (const auto* text = node.as_string()) {
            out.form = Form::string;
            out.text = text->get();
        } else if (const auto* number = node.as_integer()) {
            out.form = Form::integer;
            out.text = std::to_string(number->get());
        } else if (const auto* fraction = node.as_floating_point()) {
            out.form = Form::fraction;
            out.text = fmt::format("{}", fraction->get());
        } else if (const auto* truth = node.as_boolean()) {
            out.form = Form::boolean;
            out.text = truth->get() ? "true" : "false";
        } else if (const auto* array = node.as_array()) {
            list(*array, out);
        } else {
            out.text = node.is_table() ? "a table" : "a date or time";
        }
        return out;
    }

    void list(const toml::array& array, Written& out) const {
        const auto all = [&](toml::node_type type) {
            return std::ranges::all_of(array, [&](const toml::node& item) { return item.type() == type; });
        };
        if (!array.empty() && all(toml::node_type::table)) {
            out.form = Form::tables;
            for (const auto& item : array)
                out.tables.push_back(flat_table(*item.as_table()));
        } else if (all(toml::node_type::string)) {
            out.form = Form::list;
            for (const auto& item : array)
                out.items.push_back(item.as_string()->get());
        } else {
            out.text = "a list that holds something else than strings";
            for (const auto& item : array) // no setting takes it; who reads other people's TOML takes the strings
                if (const auto* text = item.as_string())
                    out.items.push_back(text->get());
        }
    }

    std::vector<Assignment> flat_table(const toml::table& inner) const {
        std::vector<Assignment> out;
        table(inner, "", out);
        return out;
    }

    std::string_view name_;
};

} // namespace

Result<std::vector<Assignment>> parse_settings(std::string_view text, std::string_view name) {
    const auto parsed = toml::parse(text);
    const Flattener flattener(name);
    if (!parsed)
        return fail(Errc::invalid, fmt::format("{}: {}; expected TOML such as key = \"value\"",
                                               flattener.place(parsed.error().source()), parsed.error().description()));
    std::vector<Assignment> out;
    flattener.table(parsed.table(), "", out);
    return out;
}

Result<std::vector<Assignment>> read_settings_file(const std::filesystem::path& path) {
    constexpr std::size_t most = 1 << 20; // thousands of mirrors; a device or a log named by mistake ends here
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status))
        return fail(Errc::not_found, fmt::format("{}: there is no such configuration file", path.string()));
    if (std::filesystem::is_directory(status))
        return fail(Errc::invalid, fmt::format("{}: is a folder; expected a configuration file", path.string()));
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return fail_errno(fmt::format("{}: cannot be opened", path.string()), errno ? errno : EIO);
    std::string text(most + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad())
        return fail_errno(fmt::format("{}: cannot be read", path.string()), errno ? errno : EIO);
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > most)
        return fail(Errc::invalid, fmt::format("{}: is over 1 MiB; expected a configuration file", path.string()));
    return parse_settings(text, path.string());
}

} // namespace yizhan
