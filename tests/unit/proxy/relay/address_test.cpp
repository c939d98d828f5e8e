#include "proxy/relay/address.hpp"

#include <gtest/gtest.h>

namespace yizhan {
namespace {

TEST(Address, PublicOnesAreTaken) {
    for (const auto* text : {"1.1.1.1", "8.8.8.8", "101.6.15.130", "203.0.113.80", "9.255.255.255", "11.0.0.0",
                             "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.167.1.1",
                             "198.17.255.255", "223.255.255.255", "2402:f000:1:400::2", "2606:4700::1111",
                             "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::1", "[2606:4700::1111]"})
        EXPECT_TRUE(is_public_address(text)) << text;
}

TEST(Address, EverythingThatLeadsInwardIsRefused) {
    for (const auto* text : {"0.0.0.0",
                             "0.1.2.3",
                             "10.0.0.1",
                             "10.255.255.255",
                             "100.64.0.1",
                             "100.127.255.255",
                             "127.0.0.1",
                             "127.255.255.254",
                             "169.254.169.254",
                             "172.16.0.1",
                             "172.31.255.255",
                             "192.0.0.1",
                             "192.168.0.1",
                             "198.18.0.1",
                             "198.19.255.255",
                             "224.0.0.1",
                             "239.255.255.255",
                             "240.0.0.1",
                             "255.255.255.255",
                             "::",
                             "::1",
                             "::127.0.0.1",
                             "::ffff:127.0.0.1",
                             "::ffff:169.254.169.254",
                             "[::ffff:7f00:1]",
                             "64:ff9b::7f00:1",
                             "64:ff9b::a9fe:a9fe",
                             "64:ff9b:1::a00:1",
                             "64:ff9b:1::808:808",
                             "64:ff9b:1:7f00:0:100::",
                             "64:ff9b:0:1::808:808",
                             "2002:7f00:1::",
                             "2002:a9fe:a9fe::1",
                             "2002:c0a8:101::808:808",
                             "2001::1",
                             "2001:0:808:808::1",
                             "2001:2::1",
                             "2001:10::1",
                             "2001:1ff:ffff::1",
                             "5f00::1",
                             "4000::1",
                             "[::1]",
                             "[::ffff:10.0.0.1]",
                             "fc00::1",
                             "fd12:3456::1",
                             "fe80::1",
                             "fe80::1%eth0",
                             "fec0::1",
                             "ff02::1",
                             "100::1"})
        EXPECT_FALSE(is_public_address(text)) << text;
}

TEST(Address, WhatIsNoAddressIsRefused) {
    for (const auto* text : {"", "localhost", "0x7f.1", "2130706433", "1.2.3", "1.2.3.4.5", "example.org", "[", "[]",
                             "8.8.8.8:80", "8.8.8.8/32", " 8.8.8.8", "8.8.8.8 ", "08.8.8.8", "8.8.8.8.", "%", "%eth0"})
        EXPECT_FALSE(is_public_address(text)) << text;
}

TEST(Host, LeadsInwardInEverySpellingOfAnAddressThatIsNotPublic) {
    for (const auto* host : {"127.0.0.1",
                             "127.0.0.1.",
                             "169.254.169.254",
                             "10.0.0.1",
                             "192.168.1.1",
                             "0.0.0.0",
                             "[::1]",
                             "[::]",
                             "[::ffff:127.0.0.1]",
                             "[::ffff:7f00:1]",
                             "[64:ff9b::7f00:1]",
                             "[fe80::1]",
                             "[fd00:ec2::254]",
                             "2130706433",
                             "2852039166",
                             "0x7f000001",
                             "0X7F000001",
                             "0x7f.1",
                             "127.0.0.0x1",
                             "0177.0.0.1",
                             "127.1",
                             "1.2.3",
                             "017700000001",
                             "4294967297",
                             "1.2.3.4.5",
                             "host.0x7f000001",
                             "host.1",
                             "",
                             ".",
                             "[",
                             "[]",
                             "[::1",
                             "::1",
                             "fe80::1%eth0"})
        EXPECT_TRUE(leads_inward(host)) << host;
}

TEST(Host, LeadsInwardWhereItsNameIsThisMachinesByDefinition) {
    for (const auto* host : {"localhost", "LocalHost", "localhost.", "db.localhost", "a.b.LOCALHOST."})
        EXPECT_TRUE(leads_inward(host)) << host;
}

TEST(Host, OfAnotherNameOrAPublicAddressIsLookedAtWhenItIsConnectedTo) {
    for (const auto* host : {"example.org", "example.org.", "files.example", "notlocalhost", "localhost.example",
                             "0x7f.example", "127.0.0.1.example", "8.8.8.8", "8.8.8.8.", "[2606:4700::1111]",
                             "[::ffff:8.8.8.8]", "1e100.example", "xn--fiqs8s"})
        EXPECT_FALSE(leads_inward(host)) << host;
}

} // namespace
} // namespace yizhan
