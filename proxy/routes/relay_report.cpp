#include "proxy/routes/relay_report.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <array>
#include <map>

namespace yizhan {
namespace {

constexpr std::array blames{Blame::object, Blame::mirror, Blame::policy, Blame::integrity};
constexpr std::array gates{Gate::closed, Gate::half_open, Gate::probing, Gate::open, Gate::expelled};

boost::json::object described(const EndpointStatus::Speed& speed) {
    return {{"size", name(speed.size)},
            {"tried", speed.tried},
            {"first_byte_ms", speed.estimate.first_byte.count() * 1000},
            {"bytes_per_second", speed.estimate.bytes_per_second},
            {"in_flight", speed.in_flight}};
}

boost::json::object described(const EndpointStatus& endpoint) {
    boost::json::object blamed;
    for (const auto blame : blames)
        blamed[name(blame)] = endpoint.blamed[static_cast<std::size_t>(blame)];
    boost::json::array speeds, kinds;
    for (const auto& speed : endpoint.speeds)
        speeds.push_back(described(speed));
    for (const auto& kind : endpoint.kinds)
        kinds.push_back({{"kind", kind.name}, {"state", name(kind.gate)}, {"words", kind.words}});
    boost::json::object out{{"endpoint", endpoint.name.key()},
                            {"family", endpoint.name.family},
                            {"state", name(endpoint.gate)},
                            {"words", endpoint.words},
                            {"in_flight", endpoint.in_flight},
                            {"cap", endpoint.cap},
                            {"cap_words", endpoint.cap_words},
                            {"blamed", blamed},
                            {"speeds", speeds},
                            {"kinds", kinds}};
    if (!endpoint.leads_to.empty())
        out["leads_to"] = endpoint.leads_to;
    return out;
}

boost::json::object described(const TransferStatus& transfer) {
    boost::json::object out{{"path", transfer.path},
                            {"state", transfer.state},
                            {"source", transfer.source},
                            {"connections", transfer.couriers},
                            {"asking", boost::json::array(transfer.asking.begin(), transfer.asking.end())},
                            {"received", transfer.received},
                            {"bytes_per_second", transfer.bytes_per_second},
                            {"in_memory", transfer.in_memory},
                            {"readers", transfer.readers}};
    if (transfer.size)
        out["size"] = *transfer.size;
    return out;
}

// One family of metrics: its two comment lines, then its samples.
class Metric {
  public:
    Metric(std::string& out, std::string_view metric, std::string_view type, std::string_view help)
        : out_(out), name_(metric) {
        out_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", metric, help, metric, type);
    }
    void sample(std::string_view labels, double value) { out_ += fmt::format("{}{{{}}} {}\n", name_, labels, value); }

  private:
    std::string& out_;
    std::string_view name_;
};

std::string labels_of(const EndpointStatus& endpoint) {
    return fmt::format("endpoint=\"{}\",family=\"{}\"", metric_label(endpoint.name.key()),
                       metric_label(endpoint.name.family));
}

void endpoint_metrics(std::string& out, std::span<const EndpointStatus> endpoints) {
    Metric state(out, "yizhan_upstream_state", "gauge", "1 for the state that the endpoint is in.");
    for (const auto& endpoint : endpoints)
        for (const auto gate : gates)
            state.sample(fmt::format("{},state=\"{}\"", labels_of(endpoint), name(gate)), endpoint.gate == gate);
    Metric flight(out, "yizhan_upstream_in_flight", "gauge", "Requests for files under way.");
    for (const auto& endpoint : endpoints)
        flight.sample(labels_of(endpoint), endpoint.in_flight);
    Metric cap(out, "yizhan_upstream_cap", "gauge", "Requests for files that may be under way at once.");
    for (const auto& endpoint : endpoints)
        cap.sample(labels_of(endpoint), endpoint.cap);
    Metric blamed(out, "yizhan_upstream_failures_total", "counter", "Failures by whose fault they were.");
    for (const auto& endpoint : endpoints)
        for (const auto blame : blames)
            blamed.sample(fmt::format("{},blame=\"{}\"", labels_of(endpoint), name(blame)),
                          static_cast<double>(endpoint.blamed[static_cast<std::size_t>(blame)]));
    Metric first(out, "yizhan_upstream_first_byte_seconds", "gauge", "Expected time to the first byte.");
    for (const auto& endpoint : endpoints)
        for (const auto& speed : endpoint.speeds)
            if (speed.tried)
                first.sample(fmt::format("{},size=\"{}\"", labels_of(endpoint), name(speed.size)),
                             speed.estimate.first_byte.count());
    Metric rate(out, "yizhan_upstream_throughput_bytes", "gauge", "Expected bytes per second.");
    for (const auto& endpoint : endpoints)
        for (const auto& speed : endpoint.speeds)
            if (speed.tried)
                rate.sample(fmt::format("{},size=\"{}\"", labels_of(endpoint), name(speed.size)),
                            speed.estimate.bytes_per_second);
}

} // namespace

boost::json::array endpoints_json(std::span<const EndpointStatus> endpoints) {
    boost::json::array out;
    for (const auto& endpoint : endpoints)
        out.push_back(described(endpoint));
    return out;
}

boost::json::array transfers_json(std::span<const TransferStatus> transfers) {
    boost::json::array out;
    for (const auto& transfer : transfers)
        out.push_back(described(transfer));
    return out;
}

std::string relay_metrics(const RelayStatus& status) {
    std::string out;
    endpoint_metrics(out, status.endpoints);
    std::map<std::string, unsigned> states;
    for (const auto& transfer : status.transfers)
        ++states[transfer.state];
    Metric transfers(out, "yizhan_transfers", "gauge", "Objects on their way in, by state.");
    for (const auto& [state, count] : states)
        transfers.sample(fmt::format("state=\"{}\"", state), count);
    return out;
}

std::string metric_label(std::string_view value) {
    std::string out;
    for (const char c : value)
        out += c == '\\' ? "\\\\" : c == '"' ? "\\\"" : c == '\n' ? "\\n" : std::string(1, c);
    return out;
}

} // namespace yizhan
