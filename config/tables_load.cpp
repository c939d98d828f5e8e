#include "config/embedded_tables.hpp"
#include "config/gpu_names.hpp"
#include "config/nearest.hpp"
#include "config/tables.hpp"
#include "config/tables_read.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace yizhan {
namespace {

constexpr std::uintmax_t most_bytes = 1 << 20; // what parse_csv takes; the largest table has 30 KB

const std::string& place_of(const Tables& tables, const std::string& name) {
    return tables.origin.at(name);
}

/// Names and aliases by key. A key that stands for two GPUs would make the answer depend on the order of rows.
Result<void> index_gpus(Tables& tables) {
    for (std::size_t place = 0; place < tables.gpus.size(); ++place) {
        const auto& row = tables.gpus[place];
        std::vector<std::string> names{row.name};
        names.insert(names.end(), row.aliases.begin(), row.aliases.end());
        for (const auto& name : names) {
            const auto key = gpu_key(name);
            if (key.empty())
                return fail(Errc::invalid, fmt::format("{}:{}:1: \"{}\" has nothing that tells a GPU from others",
                                                       place_of(tables, "gpus.csv"), place + 2, name));
            const auto [known, added] = tables.gpu_keys.try_emplace(key, place);
            if (!added && tables.gpus[known->second].capability != row.capability)
                return fail(Errc::invalid,
                            fmt::format("{}:{}:1: \"{}\" and \"{}\" are one name with two capabilities; join the rows",
                                        place_of(tables, "gpus.csv"), place + 2, name,
                                        tables.gpus[known->second].name));
        }
        if (!tables.capability(row.capability))
            return fail(Errc::invalid, fmt::format("{}:{}:2: capability {} is not in capabilities.csv",
                                                   place_of(tables, "gpus.csv"), place + 2, row.capability.str()));
    }
    return {};
}

Result<std::string> read_file(const std::filesystem::path& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error)
        return fail_errno("cannot read " + path.string(), error.value());
    if (size > most_bytes)
        return fail(Errc::invalid, fmt::format("{}:1:1: is over 1 MiB; no table is", path.string()));
    std::string out(static_cast<std::size_t>(size), '\0');
    std::ifstream file(path, std::ios::binary);
    if (!file.read(out.data(), static_cast<std::streamsize>(out.size())))
        return fail_errno("cannot read " + path.string(), errno == 0 ? EIO : errno);
    return out;
}

std::unexpected<Error> unknown_table(const std::filesystem::path& path) {
    const auto names = table_names();
    const auto meant = nearest(path.filename().string(), names);
    return fail(Errc::invalid, fmt::format("{}: no table has this name; {}", path.string(),
                                           meant ? "did you mean " + *meant + "?"
                                                 : fmt::format("known are {}", fmt::join(names, ", "))));
}

} // namespace

std::vector<std::string> table_names() {
    std::vector<std::string> out;
    for (const auto& table : embedded_table_files())
        out.emplace_back(table.name);
    return out;
}

Result<Tables> parse_tables(const std::map<std::string, std::string>& texts,
                            const std::map<std::string, std::string>& origin) {
    Tables out;
    for (const auto& table : embedded_table_files()) {
        const std::string name(table.name);
        const auto given = texts.find(name);
        const auto place = origin.find(name);
        if (place != origin.end())
            out.origin[name] = place->second;
        else
            out.origin[name] = given == texts.end() ? "config/data/" + name : name;
        const std::string_view csv = given == texts.end() ? table.csv : std::string_view(given->second);
        if (auto read = read_table(name, csv, out.origin[name], out); !read)
            return std::unexpected(std::move(read.error()));
    }
    if (auto indexed = index_gpus(out); !indexed)
        return std::unexpected(std::move(indexed.error()));
    return out;
}

const Tables& embedded_tables() {
    static const Tables tables = [] {
        auto parsed = parse_tables({});
        if (!parsed) // the files are compiled in and a test reads them: only a broken build comes here
            throw std::logic_error(parsed.error().text());
        return std::move(*parsed);
    }();
    return tables;
}

Result<Tables> load_tables(const std::filesystem::path& folder) {
    std::map<std::string, std::string> texts;
    std::map<std::string, std::string> origin;
    const auto names = table_names();
    std::error_code error;
    auto entry = std::filesystem::directory_iterator(folder, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        const auto& path = entry->path();
        const auto name = path.filename().string();
        if (path.extension() != ".csv" || name == "mirrors.csv")
            continue;
        if (std::ranges::find(names, name) == names.end())
            return unknown_table(path);
        auto text = read_file(path);
        if (!text)
            return std::unexpected(std::move(text.error()));
        texts[name] = std::move(*text);
        origin[name] = path.string();
    }
    if (error)
        return fail_errno("cannot list the folder of tables " + folder.string(), error.value());
    return parse_tables(texts, origin);
}

} // namespace yizhan
