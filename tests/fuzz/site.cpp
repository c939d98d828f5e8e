#include "tests/fuzz/site.hpp"

#include "index/locate.hpp"
#include "proxy/relay/relay.hpp"
#include "proxy/routes/router.hpp"
#include "proxy/routes/wheel_reader.hpp"
#include "tests/fuzz/require.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <unistd.h>

namespace yizhan::fuzz {
namespace {

std::filesystem::path make_folder() {
    auto name = (std::filesystem::temp_directory_path() / "yizhan-fuzz-XXXXXX").string();
    require(::mkdtemp(name.data()) != nullptr, "there is room for a store");
    return name;
}

Settings settings_in(const std::filesystem::path& folder) {
    Settings out;
    out.data = folder;
    out.cache.min_free = 0;
    out.offline = true;
    out.pypi.deny = {"evil"};
    out.pypi.private_names = {"lab-*"};
    // Nobody is asked offline; and were that broken, nobody listens there.
    out.pypi.upstream = {{.url = "http://127.0.0.1:1/simple/",
                          .files = {"http://127.0.0.1:1/"},
                          .packages = "http://127.0.0.1:1/packages/",
                          .family = "nobody",
                          .root = true}};
    out.pytorch.upstream = {{.url = "http://127.0.0.1:1/whl/",
                             .files = {"http://127.0.0.1:1/"},
                             .packages = "",
                             .family = "nobody",
                             .root = true}};
    return out;
}

std::unique_ptr<Store> open_store(const std::filesystem::path& folder) {
    auto store = Store::open(folder, {});
    require(store.has_value(), "a store can be made");
    return std::move(*store);
}

void put_document(Store& store, const std::string& key, const std::string& text, std::string_view type) {
    const auto put = store.put_document(key, text,
                                        {.digest = sha256(text),
                                         .url = "http://127.0.0.1:1/simple/",
                                         .content_type = std::string(type),
                                         .etag = {},
                                         .last_modified = {}});
    require(put.has_value(), "a document can be stored");
}

void put_project(Store& store, const std::string& project) {
    const auto filename = project + "-1.0-py3-none-any.whl";
    const auto bytes = "PK, a wheel of " + project;
    StreamHasher hasher{Identity{.sha256 = {}, .blake2b = Blake2b256{}, .md5 = {}}}; // PyPI's path spells a BLAKE2b
    hasher.update(as_bytes(bytes));
    LocatedFile file{.blake2b = hasher.finish().blake2b, .sha256 = {}, .filename = filename, .metadata = false};
    const auto url = "http://127.0.0.1:1/" + file.path().substr(std::string_view("pypi/").size());
    put_document(store, "pypi/simple/" + project,
                 fmt::format(R"({{"meta":{{"api-version":"1.1"}},"name":"{0}","files":[{{"filename":"{1}","url":"{2}",)"
                             R"("hashes":{{"sha256":"{3}"}},"size":{4},"yanked":"a <b>reason</b>"}}]}})",
                             project, filename, url, sha256(bytes).hex(), bytes.size()),
                 "application/vnd.pypi.simple.v1+json");
    const auto kept = [&store](const LocatedFile& at, const std::string& text) {
        require(store_bytes(store, text, {.path = at.path(), .grade = Grade::root, .source = {}}).has_value(),
                "a file can be stored");
    };
    kept(file, bytes);
    file.metadata = true;
    kept(file, "Name: " + project + "\n");
}

} // namespace

struct Site::House {
    explicit House(const std::filesystem::path& folder) : settings(settings_in(folder)), store(open_store(folder)) {
        spdlog::set_level(spdlog::level::off);
        for (const auto* project : {"six", "evil", "haunted"})
            put_project(*store, project);
        put_document(*store, "pypi/quarantined/haunted", "quarantined by its <b>authors</b>", "text/plain");
        relay.emplace(settings, *store);
        router.emplace(settings, *store, *relay);
    }
    ~House() { relay->stop(); }

    Settings settings;
    std::unique_ptr<Store> store;
    std::optional<Relay> relay;
    std::optional<Router> router;
    asio::io_context core{1};
};

Site::Site() : folder_(make_folder()), house_(std::make_unique<House>(folder_)) {}

Site::~Site() {
    house_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

Response Site::answer(const Request& request) {
    std::optional<Response> out;
    asio::co_spawn(house_->core, house_->router->handle(request),
                   [&out](const std::exception_ptr& bug, Response response) {
                       require(!bug, "a route does not throw");
                       out = std::move(response);
                   });
    house_->core.restart();
    house_->core.run(); // to the coroutine's end, whichever threads it visits meanwhile
    require(out.has_value(), "every request is answered");
    return std::move(*out);
}

bool Site::may_leave(const Blob& blob) const {
    const auto text = blob.read_all(1 << 20);
    return text && (text->ends_with("six") || text->ends_with("six\n"));
}

} // namespace yizhan::fuzz
