// What the settings say of project names: denied ones are not served, private ones are never asked upstream.
#pragma once

#include "config/settings.hpp"
#include "index/names.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace yizhan {

/// Immutable; any thread.
class NamePolicy {
  public:
    explicit NamePolicy(const Settings::Pypi& settings) : denied_(settings.deny), private_(settings.private_names) {}

    /// Normalised project names.
    bool denied(std::string_view project) const { return denied_.match(project); }
    bool is_private(std::string_view project) const { return private_.match(project); }

    /// The same for a distribution file, whichever project its name may be of (possible_projects).
    bool file_denied(std::string_view filename) const { return any_project(filename, denied_); }
    bool file_private(std::string_view filename) const { return any_project(filename, private_); }

    /// The sentence for the client, where one of the rules stands against a page or file that is not here.
    static std::string denied_words(std::string_view what);
    static std::string private_words(std::string_view what);

  private:
    static bool any_project(std::string_view filename, const NamePatterns& patterns);

    NamePatterns denied_, private_;
};

} // namespace yizhan
