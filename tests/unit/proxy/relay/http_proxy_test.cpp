#include "proxy/relay/http_proxy.hpp"

#include <gtest/gtest.h>

#include <map>

namespace yizhan {
namespace {

std::string choose(const char* url, std::string_view configured, std::map<std::string, std::string> variables) {
    return http_proxy_for(*Url::parse(url), configured, [&](std::string_view name) {
        const auto at = variables.find(std::string(name));
        return at == variables.end() ? std::string{} : at->second;
    });
}

TEST(HttpProxy, NoneMeansDirect) {
    EXPECT_EQ(choose("https://example.org/", "", {}), "");
}

TEST(HttpProxy, TheSettingWins) {
    EXPECT_EQ(choose("https://example.org/", "http://p:1", {{"https_proxy", "http://q:2"}}), "http://p:1");
}

TEST(HttpProxy, EachSchemeHasItsVariable) {
    EXPECT_EQ(choose("https://example.org/", "", {{"https_proxy", "http://s"}, {"http_proxy", "http://h"}}),
              "http://s");
    EXPECT_EQ(choose("http://example.org/", "", {{"https_proxy", "http://s"}, {"http_proxy", "http://h"}}), "http://h");
    EXPECT_EQ(choose("https://example.org/", "", {{"HTTPS_PROXY", "http://s"}}), "http://s");
    EXPECT_EQ(choose("https://example.org/", "", {{"ALL_PROXY", "http://a"}}), "http://a");
}

TEST(HttpProxy, CapitalHttpProxyIsNotReadBecauseRequestsCanSetItInCgi) {
    EXPECT_EQ(choose("http://example.org/", "", {{"HTTP_PROXY", "http://h"}}), "");
}

TEST(HttpProxy, NoProxyNamesHostsAndParentDomains) {
    const auto with = [](const char* url, const char* no_proxy) {
        return choose(url, "http://p", {{"no_proxy", no_proxy}});
    };
    EXPECT_EQ(with("https://example.org/", "example.org"), "");
    EXPECT_EQ(with("https://mirror.example.org/", "other.net, .example.org"), "");
    EXPECT_EQ(with("https://mirror.example.org/", "example.org"), "");
    EXPECT_EQ(with("https://anotherexample.org/", "example.org"), "http://p");
    EXPECT_EQ(with("https://example.org/", "*"), "");
    EXPECT_EQ(with("https://example.org/", ""), "http://p");
}

} // namespace
} // namespace yizhan
