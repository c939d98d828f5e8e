#include "cache/blob_file.hpp"
#include "tests/unit/cache/store_fixture.hpp"

#include <fcntl.h>

namespace yizhan {
namespace {

Blob blob_of(const std::filesystem::path& path, std::uint64_t size) {
    auto file = std::make_shared<Blob::File>();
    file->size = size;
    file->descriptor = Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return Blob(std::move(file));
}

TEST(Blob, IsReadWholeUpToALimit) {
    const TempFolder folder;
    write_file(folder.path() / "b", "bytes");
    const auto blob = blob_of(folder.path() / "b", 5);
    EXPECT_EQ(blob.read_all(5).value(), "bytes");
    const auto refused = blob.read_all(4);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::invalid);
}

TEST(Blob, ThatEndsEarlyIsAnErrorNotAShortString) {
    const TempFolder folder;
    write_file(folder.path() / "b", "byt");
    const auto read = blob_of(folder.path() / "b", 5).read_all(100);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Errc::corrupt);
}

TEST(Blob, CopiesShareOneDescriptorThatOutlivesTheFile) {
    const TempFolder folder;
    write_file(folder.path() / "b", "bytes");
    std::optional<Blob> first = blob_of(folder.path() / "b", 5);
    const Blob copy = *first;
    EXPECT_EQ(copy.fd(), first->fd());
    first.reset();
    std::filesystem::remove(folder.path() / "b");
    EXPECT_EQ(copy.read_all(5).value(), "bytes");
}

TEST(Descriptor, ClosesWhatItOwnsOnce) {
    int raw = -1;
    {
        Descriptor first(open("/dev/null", O_RDONLY | O_CLOEXEC));
        raw = first.get();
        const Descriptor second = std::move(first);
        EXPECT_FALSE(first); // NOLINT(bugprone-use-after-move): that it is empty is the point
        EXPECT_EQ(second.get(), raw);
    }
    EXPECT_EQ(fcntl(raw, F_GETFD), -1);
}

} // namespace
} // namespace yizhan
