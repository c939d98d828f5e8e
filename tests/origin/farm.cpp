#include "tests/origin/farm.hpp"

#include <stdexcept>

namespace yizhan::origin {

Server& Farm::add(const std::string& name, ServerOptions options) {
    if (servers_.contains(name)) {
        throw std::invalid_argument("there is a server of this name already: " + name);
    }
    if (options.address.empty()) {
        options.address = "127.0.1." + std::to_string(next_address_++);
    }
    return *servers_.emplace(name, std::make_unique<Server>(gates_, std::move(options))).first->second;
}

Server& Farm::add_tls(const std::string& name, Certificate certificate, ServerOptions options) {
    options.tls = &authority();
    options.certificate = certificate;
    return add(name, std::move(options));
}

Server& Farm::at(const std::string& name) {
    const auto found = servers_.find(name);
    if (found == servers_.end()) {
        throw std::invalid_argument("no server of this name: " + name);
    }
    return *found->second;
}

void Farm::remove(const std::string& name) {
    at(name); // says what is wrong with the name
    servers_.erase(name);
}

const Authority& Farm::authority() {
    if (!authority_) {
        authority_ = std::make_unique<Authority>();
    }
    return *authority_;
}

} // namespace yizhan::origin
