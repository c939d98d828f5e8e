// How a row of the schema table is written: the field, its type, what it does and why.
#pragma once

#include "config/schema.hpp"
#include "config/types.hpp"

#include <fmt/format.h>

#include <string>
#include <type_traits>
#include <utility>

namespace yizhan {

/// The field at the end of a chain of members: field<&S::relay, &S::Relay::proxy>(settings).
template <auto... Members, class Root>
auto& field(Root& root) {
    return (root.*....*Members);
}

/// What was written, for a complaint: on one line, not without end, and never a password.
std::string shown(const Written& written);

/// One row for the field at the end of `Members`.
template <auto... Members, class T>
Setting row(std::string name, const Type<T>& type, std::string help, std::string reason) {
    using Field = std::remove_reference_t<decltype(field<Members...>(std::declval<Settings&>()))>;
    static_assert(std::is_same_v<Field, T>, "the row's type is not the field's");
    Setting out{std::move(name), type.name, type.limits, std::move(help), std::move(reason), "", {}, {}};
    out.list = std::is_same_v<T, std::vector<std::string>>;
    out.set = [read = type.read, setting = out.name](Settings& settings, const Written& written, const Place& place) {
        auto value = read(written, place);
        if (!value)
            return Problems{fmt::format("{}: {} = {}: {}", written.where, setting, shown(written), value.error())};
        field<Members...>(settings) = std::move(*value);
        return Problems{};
    };
    out.show = [show = type.show](const Settings& settings) { return show(field<Members...>(settings)); };
    out.fallback = out.show(Settings{});
    return out;
}

} // namespace yizhan
