#include "proxy/routes/page_index.hpp"

namespace yizhan {

PageIndex pypi_index(const Settings& settings) {
    return {.name = "pypi", .rules = settings.pypi, .wheel_tree = false};
}

PageIndex pytorch_index(const Settings& settings) {
    PageIndex out{.name = "pytorch", .rules = settings.pypi, .wheel_tree = true};
    out.rules.upstream = settings.pytorch.upstream;
    return out;
}

std::string_view project_of_page(std::string_view page) {
    return page.ends_with(".html") ? std::string_view() : page.substr(page.rfind('/') + 1);
}

} // namespace yizhan
