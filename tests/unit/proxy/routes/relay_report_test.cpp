#include "proxy/routes/relay_report.hpp"
#include "proxy/routes/status_page.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>

namespace yizhan {
namespace {

using testing::HasSubstr;
using testing::Not;

RelayStatus some() {
    EndpointStatus endpoint;
    endpoint.name = {.origin = "https://mirror.example", .address = AddressFamily::v6, .family = "a\"<b>"};
    endpoint.gate = Gate::open;
    endpoint.words = "rests for 12 s: 403 <script>";
    endpoint.blamed[static_cast<std::size_t>(Blame::policy)] = 3;
    for (const auto size : all_size_classes)
        endpoint.speeds[static_cast<std::size_t>(size)].size = size;
    auto& large = endpoint.speeds[static_cast<std::size_t>(SizeClass::large)];
    large.tried = true;
    large.estimate = {.first_byte = Seconds(0.25), .bytes_per_second = 2 << 20};
    endpoint.in_flight = 2;
    endpoint.cap = 4;
    TransferStatus transfer{.path = "pypi/files/sha256/00/torch<i>.whl",
                            .state = "filling",
                            .source = "https://mirror.example",
                            .received = 50,
                            .size = 100,
                            .readers = 7,
                            .bytes_per_second = 1024,
                            .asking = {"x"},
                            .in_memory = true};
    return {.endpoints = {endpoint}, .transfers = {transfer}};
}

TEST(RelayReport, SaysInJsonWhatIsKnownOfAnEndpoint) {
    const auto status = some();
    const auto endpoint = endpoints_json(status.endpoints).at(0).as_object();
    EXPECT_EQ(endpoint.at("endpoint"), "https://mirror.example v6");
    EXPECT_EQ(endpoint.at("state"), "open");
    EXPECT_EQ(endpoint.at("blamed").at("policy"), 3u);
    EXPECT_EQ(endpoint.at("speeds").as_array().size(), size_class_count);
    EXPECT_EQ(endpoint.at("speeds").at(3).at("first_byte_ms"), 250.0);
    const auto transfer = transfers_json(status.transfers).at(0).as_object();
    EXPECT_EQ(transfer.at("received"), 50u);
    EXPECT_EQ(transfer.at("size"), 100u);
    EXPECT_EQ(transfer.at("asking").at(0), "x");
}

TEST(RelayReport, MetricsHaveEscapedLabelsAndNoPackages) {
    const auto text = relay_metrics(some());
    EXPECT_THAT(text, HasSubstr("# TYPE yizhan_upstream_state gauge\n"));
    EXPECT_THAT(
        text,
        HasSubstr(R"(yizhan_upstream_state{endpoint="https://mirror.example v6",family="a\"<b>",state="open"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(blame="policy"} 3)"));
    EXPECT_THAT(text, HasSubstr(R"(size="large"} 2097152)"));
    EXPECT_THAT(text, HasSubstr("yizhan_transfers{state=\"filling\"} 1\n"));
    EXPECT_THAT(text, Not(HasSubstr("torch")));
}

TEST(StatusPage, EscapesEverythingThatIsForeign) {
    const auto status = some();
    const StoreStats store{};
    const auto page = status_page(
        {.relay = status, .store = store, .degraded = "no room for <x>", .offline = true, .uptime_seconds = 5});
    EXPECT_THAT(page, Not(HasSubstr("<script>")));
    EXPECT_THAT(page, Not(HasSubstr("<i>")));
    EXPECT_THAT(page, Not(HasSubstr("<x>")));
    EXPECT_THAT(page, HasSubstr("50 %"));
    EXPECT_THAT(page, HasSubstr("torch&lt;i&gt;.whl"));
    EXPECT_THAT(page, HasSubstr("2.0 MiB/s"));
}

} // namespace
} // namespace yizhan
