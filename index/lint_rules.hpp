// The rules that all formats share; for lint*.cpp. Each adds what it finds to the report.
#pragma once

#include "index/lint.hpp"

#include <string>
#include <string_view>

namespace yizhan {

class LintRules {
  public:
    LintRules(std::string_view text, const LintContext& context) : text_(text), lines_(text), context_(context) {}

    /// An index that is asked beside another: --extra-index-url, a second [[tool.uv.index]], …
    void extra_index(std::string_view setting, std::string_view url, TextPlace place);
    /// A page of links: -f.
    void find_links(std::string_view setting, std::string_view url, TextPlace place);
    /// The file's one index, which wins over that of the user's settings.
    void own_index(std::string_view setting, std::string_view url, TextPlace place);
    void trusted_host(std::string_view setting, std::string_view host, TextPlace place);
    /// "verify_ssl = false" and its like.
    void no_verification(std::string_view setting, TextPlace place);
    /// Any URL: http to another machine.
    void url(std::string_view url, TextPlace place);
    /// A requirement as PEP 508 writes it.
    void requirement(std::string_view requirement, TextPlace place);
    /// A project and what is asked of it: "==1.9.0", or a URL.
    void project(std::string_view name, std::string_view specifiers, TextPlace place);
    void wheel_url(std::string_view url, TextPlace place);

    void add(LintFinding finding);
    bool matched(std::string_view project) const;

    const TextLines& lines() const { return lines_; }
    std::string_view text() const { return text_; }
    LintReport& report() { return report_; }

  private:
    std::string_view text_;
    TextLines lines_;
    const LintContext& context_;
    LintReport report_;
};

void lint_requirements(LintRules& rules);
void lint_pip_conf(LintRules& rules);
Result<void> lint_toml(LintRules& rules, LintFormat format);

} // namespace yizhan
