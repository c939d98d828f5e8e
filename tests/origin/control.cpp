#include "tests/origin/control.hpp"

#include "tests/origin/request.hpp"
#include "tests/origin/script.hpp"

#include <boost/json.hpp>

#include <charconv>
#include <stdexcept>

namespace yizhan::origin {

namespace {

namespace json = boost::json;

class Query {
  public:
    explicit Query(const Exchange& request) {
        const auto mark = request.target.find('?');
        std::string_view text =
            mark == std::string::npos ? std::string_view{} : std::string_view(request.target).substr(mark + 1);
        while (!text.empty()) {
            const std::string_view pair = text.substr(0, text.find('&'));
            text.remove_prefix(std::min(text.size(), pair.size() + 1));
            const auto equals = std::min(pair.find('='), pair.size());
            values_[percent_decoded(pair.substr(0, equals))] =
                percent_decoded(pair.substr(std::min(pair.size(), equals + 1)));
        }
    }

    bool has(const std::string& name) const { return values_.contains(name); }

    std::string text(const std::string& name) const {
        const auto found = values_.find(name);
        if (found == values_.end()) {
            throw std::invalid_argument("the query lacks " + name);
        }
        return found->second;
    }

    std::uint64_t number(const std::string& name) const {
        const std::string value = text(name);
        std::uint64_t out = 0;
        if (std::from_chars(value.data(), value.data() + value.size(), out).ec != std::errc()) {
            throw std::invalid_argument("not a number: " + name + "=" + value);
        }
        return out;
    }

  private:
    std::map<std::string, std::string> values_;
};

json::object to_json(const Exchange& exchange) {
    json::array fields;
    for (const auto& [name, value] : exchange.fields) {
        fields.push_back(json::array{name, value});
    }
    return {{"connection", exchange.connection}, {"method", exchange.method},
            {"target", exchange.target},         {"path", exchange.path},
            {"fields", std::move(fields)},       {"status", exchange.status},
            {"offset", exchange.offset},         {"sent", exchange.sent},
            {"at_ms", exchange.at.count()},      {"ended_ms", exchange.ended.count()},
            {"outcome", name(exchange.outcome)}};
}

Resource as_json(const json::value& value) {
    Resource resource = text(200, json::serialize(value) + "\n");
    resource.content_type = "application/json";
    return resource;
}

json::object record_of(Server& server, const Query& query) {
    const Record& record = server.record();
    json::array requests;
    for (const Exchange& exchange : query.has("path") ? record.of(query.text("path")) : record.all()) {
        requests.push_back(to_json(exchange));
    }
    return {{"requests", std::move(requests)},
            {"connections", record.connections()},
            {"open_connections", record.open_connections()},
            {"most_connections", record.most_connections()}};
}

json::object record_of(Farm& farm, const Query& query) {
    json::object out;
    for (const auto& [name, server] : farm.servers()) {
        if (!query.has("server") || query.text("server") == name) {
            out[name] = record_of(*server, query);
        }
    }
    return out;
}

bool wait(Farm& farm, const Query& query) {
    const std::chrono::seconds patience(query.has("seconds") ? query.number("seconds") : 20);
    if (query.has("gate")) {
        return farm.gates().wait_arrivals(query.text("gate"), static_cast<unsigned>(query.number("arrivals")),
                                          patience);
    }
    const Record& record = farm.at(query.text("server")).record();
    return query.has("sent") ? record.wait_sent(query.text("path"), query.number("sent"), patience)
                             : record.wait_requests(query.text("path"), query.number("requests"), patience);
}

} // namespace

std::string describe(Farm& farm) {
    json::object servers;
    for (const auto& [name, server] : farm.servers()) {
        servers[name] = {{"url", server->origin()}, {"address", server->address()}, {"port", server->port()}};
    }
    json::object files;
    for (const std::string& filename : farm.index().filenames()) {
        const Body& body = farm.index().find(filename).body;
        files[filename] = {{"path", farm.index().path(filename)},
                           {"plain_path", farm.index().path(filename, PublishOptions::Paths::plain)},
                           {"size", body.size()},
                           {"sha256", body.sha256()}};
    }
    return json::serialize(
        json::object{{"servers", std::move(servers)}, {"files", std::move(files)}, {"ca", farm.authority().pem()}});
}

Control::Control(Farm& farm) : farm_(farm), server_(gates_) {
    server_.handle("/", [this](const Exchange& request) {
        try {
            return answer(request);
        } catch (const std::exception& problem) {
            return text(400, std::string(problem.what()) + "\n");
        }
    });
}

Resource Control::answer(const Exchange& request) {
    const Query query(request);
    if (request.path == "/wait") {
        return as_json(json::object{{"reached", wait(farm_, query)}});
    }
    if (request.path == "/open" || request.path == "/close") {
        if (request.path == "/open") {
            farm_.gates().open(query.text("gate"));
        } else {
            farm_.gates().close(query.text("gate"));
        }
        return as_json(json::object{});
    }
    const std::lock_guard lock(script_); // the farm may grow by a script
    if (request.path == "/record") {
        return as_json(record_of(farm_, query));
    }
    if (request.path == "/script") {
        run_script(farm_, request.content);
    } else if (request.path != "/status") {
        return not_found();
    }
    Resource resource = text(200, describe(farm_) + "\n");
    resource.content_type = "application/json";
    return resource;
}

} // namespace yizhan::origin
