// A disk that fills up while a file comes: its client notices nothing, readiness says so, and it passes by itself.
#include "tests/integration/stage.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace yizhan::integration {
namespace {

class FullDisk : public Stage {
  protected:
    /// A file system of our own, small enough to be full at will; nobody outside of this process and its children sees
    /// it.
    void SetUp() override {
        std::filesystem::create_directory(data());
        if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("tmpfs", data().c_str(), "tmpfs", 0, "size=128m,mode=700") != 0) {
            GTEST_SKIP() << "no file system can be mounted here: " << std::generic_category().message(errno);
        }
        mounted_ = true;
    }
    void TearDown() override {
        if (mounted_) {
            ::umount2(data().c_str(), MNT_DETACH);
        }
    }

    std::filesystem::path ballast() const { return data() / "ballast"; }

    /// Somebody else's file takes what is left, to the last block.
    void fill_up() {
        const Descriptor file(::open(ballast().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        off_t size = 0;
        for (const off_t step : {off_t{1} << 20, off_t{4} << 10}) {
            while (::posix_fallocate(file.get(), size, step) == 0) {
                size += step;
            }
        }
        ASSERT_GT(size, 0);
    }

    bool readiness_becomes(const std::string& words, seconds patience) {
        const auto until = std::chrono::steady_clock::now() + patience;
        while (std::chrono::steady_clock::now() < until) {
            const Reply reply = get("/readyz");
            EXPECT_EQ(reply.status, 200u) << "degraded is not unready";
            if (reply.body.starts_with(words)) {
                return true;
            }
            std::this_thread::sleep_for(milliseconds(20));
        }
        return false;
    }

  private:
    bool mounted_ = false;
};

TEST_F(FullDisk, InTheMiddleCostsTheClientNothingAndPassesByItself) {
    Server& root = mirror("root");
    set("relay.stall_timeout = '14s'");
    const Distribution& file = wheel("file", 40 * MiB);
    publish();
    root.misbehave(file.filename, Behaviour().stall(Offset::percent(50), "middle"), nth(1));
    start();
    EXPECT_EQ(get("/readyz").body, "ready\n");
    get("/simple/file/");
    Client client(service().port());
    client.expect(file.body);
    client.request(path_of(file));
    ASSERT_TRUE(client.read_body(file.body.size() / 4));
    ASSERT_TRUE(gates().wait_arrivals("middle"));
    fill_up();
    gates().open("middle");
    const Reply reply = client.finish();
    EXPECT_TRUE(reply.complete && reply.as_expected);
    EXPECT_EQ(reply.status, 200u);
    EXPECT_TRUE(readiness_becomes("ready, but degraded", seconds(5))) << get("/readyz").body;
    const Reply meanwhile = get_expecting(path_of(file), file.body);
    EXPECT_TRUE(meanwhile.complete && meanwhile.as_expected) << "from the mirror again, past the full disk";

    std::filesystem::remove(ballast());
    EXPECT_TRUE(readiness_becomes("ready\n", seconds(20))) << get("/readyz").body;
    const Reply again = get_expecting(path_of(file), file.body);
    EXPECT_TRUE(again.complete && again.as_expected);
    EXPECT_TRUE(becomes(path_of(file), "\"" + file.body.sha256() + "\"")) << "and now it is kept";
    EXPECT_THAT(wrong_files(), IsEmpty());
}

TEST_F(FullDisk, PagesAreAnsweredAndKeptAtTheirNextRefreshWithRoom) {
    constexpr seconds page_ttl(1);
    mirror("root");
    set("pypi.page_ttl = '1s'");
    const Distribution& early = wheel("early", 4 * KiB);
    const Distribution& late = wheel("late", 4 * KiB);
    publish();
    start();
    fill_up();
    for (const std::string project : {"early", "late"}) {
        const Reply page = get("/simple/" + project + "/");
        EXPECT_EQ(page.status, 200u) << page.body;
        EXPECT_THAT(page.body, HasSubstr(project == "early" ? early.filename : late.filename));
        EXPECT_THAT(service().wait_log(project + " could not be kept"), Not(IsEmpty()));
    }
    std::filesystem::remove(ballast());
    std::this_thread::sleep_for(page_ttl);
    EXPECT_EQ(get("/simple/late/").status, 200u);
    stop();

    start_offline();
    EXPECT_EQ(get("/simple/early/").status, 404u) << "nobody asked for it since";
    const Reply kept = get("/simple/late/");
    EXPECT_EQ(kept.status, 200u) << kept.body;
    EXPECT_THAT(kept.body, HasSubstr(late.filename));
}

} // namespace
} // namespace yizhan::integration
