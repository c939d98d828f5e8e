// What the cache's tests share: a folder that goes away, and commits that are waited for.
#pragma once

#include "cache/commit_step.hpp"
#include "cache/store.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace yizhan {

class TempFolder {
  public:
    /// In memory where there is such a place: what is tested survives a kill, which the page cache does too, and a disk
    /// that others keep busy makes each of the thousand syncs here 10 ms long.
    TempFolder() {
        const std::filesystem::path memory = "/dev/shm";
        const auto parent = access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
        auto name = (parent / "yizhan-cache-XXXXXX").string();
        if (!mkdtemp(name.data()))
            throw std::filesystem::filesystem_error("mkdtemp", name, std::error_code(errno, std::generic_category()));
        path_ = name;
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::filesystem::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// Every regular file below `folder` with its bytes, by path.
inline std::map<std::string, std::string> files_below(const std::filesystem::path& folder) {
    std::map<std::string, std::string> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.is_regular_file())
            out[entry.path().string()] = read_file(entry.path());
    return out;
}

inline std::unique_ptr<Store> open_store(const std::filesystem::path& data, const Store::Options& options = {}) {
    auto store = Store::open(data, options);
    EXPECT_TRUE(store) << store.error().message;
    return store ? std::move(*store) : nullptr;
}

inline Fill filled(Store& store, std::string_view bytes) {
    auto fill = store.begin(Identity{}, bytes.size());
    EXPECT_TRUE(fill) << fill.error().message;
    const auto written = fill->write(0, as_bytes(bytes));
    EXPECT_TRUE(written) << written.error().message;
    return std::move(*fill);
}

/// Turns a handler into something to wait for.
template <class T>
class Waiter {
  public:
    auto handler() {
        return [promise = promise_](Result<T> result) { promise->set_value(std::move(result)); };
    }
    Result<T> get() { return promise_->get_future().get(); }

  private:
    std::shared_ptr<std::promise<Result<T>>> promise_ = std::make_shared<std::promise<Result<T>>>();
};

inline Result<Blob> commit(Store& store, std::string_view bytes, PathKey path, Grade grade = Grade::seen) {
    Waiter<Blob> waiter;
    store.commit(filled(store, bytes), sha256(bytes), {std::move(path), grade, "https://files.example.org/x"},
                 waiter.handler());
    return waiter.get();
}

inline Result<Blob> link(Store& store, const Sha256& digest, PathKey path, Grade grade = Grade::seen) {
    Waiter<Blob> waiter;
    store.link(digest, {std::move(path), grade, "https://files.example.org/x"}, waiter.handler());
    return waiter.get();
}

inline Result<void> erase(Store& store, const Sha256& digest) {
    Waiter<void> waiter;
    store.erase(digest, waiter.handler());
    return waiter.get();
}

inline Document document(std::string_view bytes, std::int64_t checked_at = 1000) {
    return {sha256(bytes), "https://index.example.org/simple/six/", "text/html", "\"e1\"", "", checked_at};
}

/// What is found under a path: the bytes, or a word that no test stores.
inline std::string found(const Store& store, const PathKey& path) {
    const auto blob = store.find(path);
    return blob ? blob->read_all(1 << 20).value_or("(unreadable)") : "(miss)";
}

inline std::filesystem::path blob_path(const std::filesystem::path& data, const Sha256& digest) {
    return data / "blobs" / "sha256" / digest.hex().substr(0, 2) / digest.hex();
}

inline std::size_t file_count(const std::filesystem::path& folder) {
    return files_below(folder).size();
}

} // namespace yizhan
