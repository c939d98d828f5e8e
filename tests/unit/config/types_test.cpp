#include "config/types.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace yizhan {
namespace {

using Form = Written::Form;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Place place{"/etc/yizhan", "/home/someone"};

Written text(std::string value) {
    return {Form::text, std::move(value), {}, {}, "here"};
}
Written string(std::string value) {
    return {Form::string, std::move(value), {}, {}, "here"};
}
Written integer(std::string value) {
    return {Form::integer, std::move(value), {}, {}, "here"};
}
Written boolean(std::string value) {
    return {Form::boolean, std::move(value), {}, {}, "here"};
}
Written list(std::vector<std::string> items) {
    return {Form::list, "", std::move(items), {}, "here"};
}
Written other() {
    return {Form::other, "a date or time", {}, {}, "here"};
}

TEST(Types, ASwitchIsABooleanInTomlAndAWordElsewhere) {
    EXPECT_EQ(a_switch().read(boolean("true"), place), true);
    EXPECT_EQ(a_switch().read(text("off"), place), false);
    EXPECT_FALSE(a_switch().read(string("true"), place));
    EXPECT_FALSE(a_switch().read(integer("1"), place));
    EXPECT_EQ(a_switch().show(true), "true");
}

TEST(Types, ANumberKeepsItsLimits) {
    const auto type = a_number(2, 10);
    EXPECT_EQ(type.limits, "2 to 10");
    EXPECT_EQ(type.read(integer("2"), place), 2u);
    EXPECT_EQ(type.read(text("10"), place), 10u);
    for (const char* value : {"1", "11", "-3", "4294967298", "99999999999999999999"})
        EXPECT_FALSE(type.read(integer(value), place)) << value;
    EXPECT_FALSE(type.read(string("5"), place));
    EXPECT_FALSE(type.read(boolean("true"), place));
}

TEST(Types, ASizeMayBeAPlainNumberAndATimeMayNot) {
    EXPECT_EQ(a_size(0, 1 << 20).read(integer("4096"), place), 4096u);
    EXPECT_EQ(a_size(0, 1 << 20).read(string("64KiB"), place), 65536u);
    EXPECT_FALSE(a_size(1, 1 << 20).read(string("0"), place));
    EXPECT_FALSE(a_size(0, 1 << 20).read(string("2MiB"), place));
    EXPECT_FALSE(a_size(0, 1 << 20).read(list({"1"}), place));
    EXPECT_EQ(a_time(milliseconds(0), seconds(9)).read(string("4s"), place), milliseconds(4000));
    EXPECT_FALSE(a_time(milliseconds(0), seconds(9)).read(integer("4"), place));
    EXPECT_FALSE(a_time(milliseconds(10), seconds(9)).read(string("9ms"), place));
    EXPECT_FALSE(a_time(milliseconds(0), seconds(9)).read(other(), place));
}

TEST(Types, ARateMayNameItsSecond) {
    EXPECT_EQ(a_rate(0, 1 << 20).read(string("1KiB/s"), place), 1024u);
    EXPECT_EQ(a_rate(0, 1 << 20).read(text("1KiB"), place), 1024u);
    EXPECT_FALSE(a_rate(0, 1 << 20).read(text("1KiB/min"), place));
    EXPECT_EQ(a_rate(0, 1 << 20).show(1024), "\"1KiB/s\"");
}

TEST(Types, WholeSecondsAreWhole) {
    const auto type = whole_seconds(seconds(1), seconds(600));
    EXPECT_EQ(type.read(string("10min"), place), seconds(600));
    EXPECT_EQ(type.read(string("2000ms"), place), seconds(2));
    EXPECT_FALSE(type.read(string("1500ms"), place));
    EXPECT_FALSE(type.read(string("0s"), place));
}

TEST(Types, APathStartsAtHomeOrAtTheFileThatNamesIt) {
    const auto read = [](const std::string& value) {
        const auto path = a_path().read(string(value), place);
        return path ? path->string() : "refused";
    };
    EXPECT_EQ(read("/var/lib/yizhan"), "/var/lib/yizhan");
    EXPECT_EQ(read("~/cache"), "/home/someone/cache");
    EXPECT_EQ(read("~"), "/home/someone");
    EXPECT_EQ(read("cache"), "/etc/yizhan/cache");
    EXPECT_EQ(read("../cache/./x"), "/etc/cache/x");
    EXPECT_EQ(read("~other/cache"), "refused");
    EXPECT_EQ(read(""), "refused");
    EXPECT_EQ(read(std::string("a\0b", 3)), "refused");
    EXPECT_FALSE(a_path().read(string("~/x"), {"/", ""}));
    EXPECT_EQ(a_file().read(string(""), place), "");
    EXPECT_EQ(a_file().read(string("~/ca.pem"), place), "/home/someone/ca.pem");
}

TEST(Types, AListenAddressIsAnAddressAndAPort) {
    const auto read = [](const std::string& value) {
        const auto addresses = listen_addresses().read(list({value}), place);
        return addresses ? addresses->front() : "refused";
    };
    for (const char* good : {"127.0.0.1:8080", "0.0.0.0:1", "[::1]:8080", "[::]:65535", "127.0.0.1:0"})
        EXPECT_EQ(read(good), good);
    EXPECT_EQ(read("localhost:8080"), "127.0.0.1:8080");
    for (const char* bad :
         {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:80x", "::1:8080", "[::1]",
          "[127.0.0.1]:80", "example.org:80", "127.0.0.1:-1", "127.1:80", "*:80", "[]:80"})
        EXPECT_EQ(read(bad), "refused") << bad;
    EXPECT_FALSE(listen_addresses().read(list({}), place));
    EXPECT_FALSE(listen_addresses().read(string("127.0.0.1:8080"), place)) << "a list is a list";
    EXPECT_EQ(listen_addresses().read(text("127.0.0.1:1,127.0.0.2:2"), place)->size(), 2u);
}

TEST(Types, NamePatternsAreNormalisedLikeNames) {
    const auto read = [](const std::string& value) {
        const auto patterns = name_patterns().read(list({value}), place);
        return patterns ? patterns->front() : "refused";
    };
    EXPECT_EQ(read("lab-*"), "lab-*");
    EXPECT_EQ(read("Lab_.Tools*"), "lab-tools*");
    EXPECT_EQ(read("a?b"), "a?b");
    for (const char* bad : {"", "a b", "a/b", "[ab]", "\xc3\xa9", "a+b"})
        EXPECT_EQ(read(bad), "refused") << bad;
    EXPECT_TRUE(name_patterns().read(list({}), place)->empty());
}

TEST(Types, AUserAgentIsAPlainHeaderValue) {
    EXPECT_EQ(a_user_agent().read(string("yizhan/1 (lab@example.org)"), place), "yizhan/1 (lab@example.org)");
    for (const std::string& bad : {std::string(""), std::string(" x"), std::string("x "), std::string("x\r\nHost: y"),
                                   std::string("\xc3\xa9"), std::string(201, 'x')})
        EXPECT_FALSE(a_user_agent().read(string(bad), place)) << bad;
}

TEST(Types, AProxyIsAnHttpAddressThatMayHoldAPassword) {
    for (const char* good :
         {"", "http://proxy.example:3128", "http://user:pw@proxy.example:3128/", "https://proxy.example"})
        EXPECT_TRUE(a_proxy().read(string(good), place)) << good;
    for (const char* bad : {"proxy.example:3128", "socks5://proxy.example", "http://", "http://:3128", "http://user@",
                            "http:///x", "http://a b/", "http://a\\b/"})
        EXPECT_FALSE(a_proxy().read(string(bad), place)) << bad;
}

TEST(Types, AChoiceIsOneOfItsWords) {
    const auto type = one_of({"root", "agreed", "mirror"});
    EXPECT_EQ(type.read(string("agreed"), place), "agreed");
    EXPECT_EQ(type.read(string("agred"), place).error(),
              "expected one of root, agreed, mirror; did you mean \"agreed\"?");
    EXPECT_EQ(type.read(string("Root"), place).error(), "expected one of root, agreed, mirror; did you mean \"root\"?");
    EXPECT_FALSE(type.read(integer("1"), place));
    const auto sides = a_choice<int>({{"left", -1}, {"right", 1}});
    EXPECT_EQ(sides.read(text("right"), place), 1);
    EXPECT_FALSE(sides.read(text("up"), place));
    EXPECT_EQ(sides.show(-1), "\"left\"");
}

} // namespace
} // namespace yizhan
