// Which CUDA a machine gets each release of torch with (facts: pytorch, 7.4.4): the highest that runs, but one and the
// same for releases that share a partner, since the partner has one page. Pure functions.
#pragma once

#include "index/judged_files.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace yizhan {

class TorchTags {
  public:
    struct Choice {
        CudaVersion cuda;
        bool shared = false; ///< a higher one runs, but not every release that shares a partner has it
    };

    TorchTags() = default;

    /// From the judged files of torch's pages. CUDA is compared by number: as text, cu92 would be above cu130. A
    /// release newer than the tables takes what the newest one that they know takes, where it has that: nobody has
    /// noted yet that it has a torchaudio of its own.
    static TorchTags of(std::span<const JudgedFile> torch, const Tables& tables);

    /// The choice for a release as the tables spell it ("2.11.0") and a Python as `JudgedFile::python` spells it;
    /// nullopt: no CUDA build of it runs.
    std::optional<Choice> find(const std::string& release, const std::string& python) const;

    /// The choice for the newest release that runs for this Python; `at_most`: of those up to that release.
    std::optional<Choice> newest(const std::string& python, std::string_view at_most = {}) const;

    bool empty() const { return chosen_.empty(); }

  private:
    std::map<std::pair<std::string, std::string>, Choice> chosen_; // release, Python
};

} // namespace yizhan
