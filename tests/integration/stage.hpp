// What every integration test stands on: a farm of mirrors, a folder that vanishes, and a yizhan between farm and test.
#pragma once

#include "tests/integration/service.hpp"
#include "tests/origin/origin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace yizhan::integration {

using namespace yizhan::origin; // the vocabulary of these tests
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

inline constexpr std::uint64_t KiB = 1024, MiB = 1024 * KiB;

/// pip ends a download after so much silence: what yizhan promises to stay under (design, section 1).
inline constexpr milliseconds most_silence{15'000};

/// `size` times YIZHAN_TEST_SCALE (a factor such as 0.1, for sanitizer builds), but never under 8 MiB, so that a large
/// file stays above what is verified before its first byte leaves.
std::uint64_t scaled(std::uint64_t size);

/// Whether YIZHAN_TEST_SCALE is set: then the build is a slow one, and start times are not judged.
bool is_scaled();

/// Names for the cases of INSTANTIATE_TEST_SUITE_P, in their order.
inline auto named(std::vector<std::string> names) {
    return [names = std::move(names)](const auto& at) { return names.at(at.index); };
}

class Stage : public ::testing::Test {
  public:
    ~Stage() override;

  protected:
    Stage();

    /// One more mirror that yizhan is told of; the first is the root.
    Server& mirror(const std::string& name, ServerOptions options = {.address = {}});

    /// A mirror over TLS, whose authority yizhan trusts.
    Server& tls_mirror(const std::string& name, Certificate certificate = Certificate::good);

    /// One more place that yizhan is told to have PyTorch's wheels, with its tree at /whl/; the first is the root.
    /// None: nobody listens where they would be.
    Server& wheels(const std::string& name, const std::string& more = "");

    /// Adds a wheel to the index; publish it afterwards.
    const Distribution& wheel(const std::string& project, std::uint64_t size = 0);

    /// Publishes the index on every mirror that yizhan is told of.
    void publish(const PublishOptions& options = {});

    /// A line of TOML for the settings, such as "relay.stall_timeout = '1s'".
    void set(const std::string& toml) { settings_.push_back(toml); }

    /// Writes the settings and starts (or, after a stop or kill, restarts) yizhan.
    Service& start(const std::vector<std::string>& flags = {});

    /// Starts it again with nothing but its store: every mirror refuses connections.
    Service& start_offline();

    /// Sends SIGTERM and expects a clean end.
    void stop();

    Service& service() { return *service_; }
    Reply get(std::string_view target, const Fields& fields = {}, std::string_view method = "GET") {
        return fetch(service_->port(), target, fields, method);
    }

    /// The list of projects at `index`, once this one is in it (five seconds at most): a page is shown before it is in
    /// the store.
    std::string list_with(std::string_view project, std::string_view index = "/simple/");

    /// GET of a body that is compared as it comes.
    Reply get_expecting(std::string_view target, const Body& body, const Fields& fields = {});

    Gates& gates() { return farm_.gates(); }
    Farm& farm() { return farm_; }
    const std::filesystem::path& folder() const { return folder_; }
    std::filesystem::path data() const { return folder_ / "data"; }
    std::filesystem::path config() const { return folder_ / "yizhan.toml"; }

    /// All requests that the mirrors have seen.
    std::size_t upstream_requests();

    /// Blobs whose bytes are not what their name says, and files left over from fills. Empty is right. A fill that was
    /// given up is removed a moment after its clients know: leftovers are looked at again for some seconds.
    /// `yes`: after a kill, what the next request can go on with may lie there.
    enum class Parked : bool { no, yes };
    std::vector<std::string> wrong_files(Parked parked = Parked::no) const;

    /// Asks for `target` until its ETag is this one: a commit is visible a moment after its client has the bytes.
    bool becomes(std::string_view target, std::string_view etag);

  private:
    struct Upstream {
        std::string name, url;
    };
    void write_config() const;

    std::filesystem::path folder_;
    Farm farm_;
    std::vector<Upstream> upstreams_;
    std::vector<std::string> wheel_upstreams_; // tables of TOML
    std::vector<std::string> settings_;
    std::unique_ptr<Service> service_;
};

/// The program under test, for its other commands.
std::string yizhan_binary();

/// Where yizhan has a file: under PyPI's own path.
std::string path_of(const Distribution& file);

/// Likewise for a file whose own path is not PyPI's.
std::string plain_path_of(const Distribution& file);

/// The path that `reference` leads to from `base` (RFC 3986 section 5.2.4, paths only), its fragment dropped.
std::string resolved(std::string_view base, std::string_view reference);

/// The href of the link to `filename` on an HTML page, unescaped; empty where there is none.
std::string href_of(std::string_view html, std::string_view filename);

} // namespace yizhan::integration
