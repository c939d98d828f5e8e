#include "proxy/routes/index_files.hpp"

#include "index/filename.hpp"
#include "proxy/http/conditional.hpp"
#include "proxy/http/response.hpp"
#include "proxy/routes/file_sources.hpp"
#include "proxy/routes/wheel_reader.hpp"
#include "proxy/run_on.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace yizhan {
namespace {

constexpr std::string_view octets = "application/octet-stream";
// What PyPI says of its own files: they never change.
constexpr std::pair<std::string_view, std::string_view> for_ever{"Cache-Control",
                                                                 "max-age=365000000, immutable, public"};

constexpr std::pair<std::string_view, std::string_view> until_replaced{"Cache-Control", "max-age=0"};

// A piece in the middle of a file that is not here: up to this much is fetched alone, so that a client that only wants
// a wheel's directory does not start a download of gigabytes (design, section 4).
constexpr std::uint64_t max_middle = 1ULL << 20;

// How long a range that reaches the end may wait for its first byte: pip and others give up after 15 s.
constexpr std::chrono::seconds patience_for_a_range{10};

// A head without a body: HEAD, answered from what an index or an upstream says.
class SizeOnly final : public ByteStream {
  public:
    explicit SizeOnly(std::uint64_t size) : size_(size) {}
    std::optional<std::uint64_t> size() const override { return size_; }
    Task<Result<std::optional<Extent>>> next(std::uint64_t) override {
        co_return fail(Errc::cancelled, "a HEAD has no body");
    }

  private:
    std::uint64_t size_;
};

// The digest, or the delivery's own ETag where If-Range names one that turned out to be these bytes: whoever it broke
// off for may go on.
std::string etag_of(const Request& request, const Sha256& digest, const Relay& relay) {
    constexpr std::string_view delivery = "\"u-";
    const auto named = request.field("If-Range");
    if (named.starts_with(delivery) && named.ends_with('"') && named.size() > delivery.size() + 1) {
        const auto id = named.substr(delivery.size(), named.size() - delivery.size() - 1);
        if (relay.verified_delivery(id, digest))
            return std::string(named);
    }
    return "\"" + digest.hex() + "\"";
}

constexpr std::string_view of_metadata = ".metadata";

// The part of a file's name that says which distribution it is of.
std::string_view distribution_of(std::string_view name) {
    if (name.ends_with(of_metadata))
        name.remove_suffix(of_metadata.size());
    return name;
}

// Metadata may have been stored on two mirrors' word while the root was silent; its page may say otherwise now.
bool refuted(const Blob& stored, const std::optional<Sha256>& said) {
    return said && stored.digest() != *said;
}

} // namespace

// In the tree a path may come to stand for other bytes, and its ETag tells.
Response file_response(Body body, std::string_view note, Lasting lasting) {
    static const std::string ever = render_fields({for_ever});
    static const std::string now = render_fields({until_replaced});
    Response response;
    response.content_type = octets;
    response.body = std::move(body);
    response.note = note;
    response.lines = lasting == Lasting::for_ever ? ever : now;
    return response;
}

Response blob_response(const Request& request, Blob blob, const Relay& relay, Lasting lasting) {
    static const std::string ever = render_fields({for_ever, {"Cache-Status", "yizhan; hit"}});
    static const std::string now = render_fields({until_replaced, {"Cache-Status", "yizhan; hit"}});
    auto etag = etag_of(request, blob.digest(), relay);
    auto response = file_response(std::move(blob), "hit", lasting);
    response.etag = std::move(etag);
    response.ranges = Ranges::all;
    response.lines = lasting == Lasting::for_ever ? ever : now;
    return response;
}

std::string page_of(const LocatedFile& file, const std::string& project) {
    return file.folder.empty() ? project : file.folder.substr(wheel_tree_folder.size()) + project;
}

// The store has files under canonical paths only, so what parse_located() would refuse is not found here either.
std::optional<Response> IndexFiles::at_once(const Request& request, std::span<const std::string> below) const {
    PathKey path;
    path.reserve(request.target.size());
    path = "pypi";
    for (const auto& segment : below)
        path.append("/").append(segment);
    if (why_not(distribution_of(below.back())))
        return std::nullopt; // get() says why
    auto blob = store_.find(path);
    if (blob && path.ends_with(of_metadata)) {
        const auto known = store_.find_ledger(path_ledger_key(path.substr(0, path.size() - of_metadata.size())));
        if (known && refuted(*blob, known->metadata))
            return std::nullopt;
    }
    return blob ? std::optional(blob_response(request, *std::move(blob), relay_, lasting())) : std::nullopt;
}

std::optional<Response> IndexFiles::at_once(const Request& request, const LocatedFile& file) const {
    if (why_not(file.filename))
        return std::nullopt;
    auto blob = store_.find(plan(file).object.path);
    return blob ? std::optional(blob_response(request, *std::move(blob), relay_, lasting())) : std::nullopt;
}

// Why it is not served, whether it is here or not.
std::optional<std::string> IndexFiles::why_not(std::string_view filename) const {
    if (names_.file_denied(filename))
        return NamePolicy::denied_words(filename);
    return policy_.quarantined_file(filename);
}

Task<Response> IndexFiles::get(const Request& request, LocatedFile file) {
    if (const auto why = why_not(file.filename))
        co_return plain(404, *why);
    auto plan = this->plan(file);
    if (!plan.known && !file.folder.empty() && !names_.file_private(file.filename)) {
        co_await learn(file);
        plan = this->plan(file);
    }
    auto blob = store_.find(plan.object.path);
    if (blob && !(file.metadata && refuted(*blob, plan.object.identity.sha256)))
        co_return blob_response(request, *std::move(blob), relay_, lasting());
    if (names_.file_private(file.filename))
        co_return plain(404, NamePolicy::private_words(file.filename));
    if (file.metadata)
        co_return co_await metadata(request, file, std::move(plan));
    if (request.method == Method::head)
        co_return co_await head_only(plan);
    // Whoever reads a wheel's end alone must not make gigabytes of it be fetched because no page tells its size.
    if (!plan.object.size && !file.folder.empty() && !request.field("Range").empty() && !relay_.offline())
        if (const auto size = co_await upstream_size(plan))
            plan.object.size = *size;
    if (auto piece = co_await middle(request, plan))
        co_return std::move(*piece);
    co_return co_await opened(request, std::move(plan.object));
}

// A file of the tree that nobody has seen on a page, since its address came from a guide or a flat list: the page of
// its project says what its bytes are, and so who may send them.
Task<void> IndexFiles::learn(const LocatedFile& file) {
    const auto wheel = parse_wheel_filename(file.filename);
    if (!wheel)
        co_return;
    const auto page = co_await pages_.current(page_of(file, wheel->name));
    if (!page) // then the root alone is asked, and what comes is as good as its word
        spdlog::info("{}: {} is not known from a page: {}", index_.name, file.path(), page.error().message);
}

IndexFiles::Plan IndexFiles::plan(const LocatedFile& file) const {
    auto whole = file;
    whole.metadata = false;
    Plan out;
    out.ledger_key = path_ledger_key(whole.path());
    out.known = store_.find_ledger(out.ledger_key);
    auto& object = out.object;
    object.path = file.path();
    // In the tree a path may come to stand for other bytes: what is stored is known by both.
    const auto digest = out.known ? (file.metadata ? out.known->metadata : out.known->digest) : std::nullopt;
    if (!file.folder.empty() && digest)
        object.path.insert(file.folder.size(), digest->hex() + '/');
    object.sources = file_sources(index_.rules, whole, out.known ? &*out.known : nullptr);
    if (file.metadata) {
        for (auto& source : object.sources)
            if (auto beside = Url::parse(source.url.str() + ".metadata"))
                source.url = std::move(*beside);
        object.identity.sha256 = out.known ? out.known->metadata : std::nullopt;
        object.document = true;
        object.grade = object.identity.known() ? out.known->grade : Grade::seen;
        return out;
    }
    object.identity.blake2b = file.blake2b;
    object.identity.sha256 = file.sha256;
    object.grade = Grade::root; // the root's page, or PyPI's own path, says which bytes these are
    if (out.known) {
        object.identity.sha256 = out.known->digest;
        object.size = out.known->size;
    }
    return out;
}

Task<Response> IndexFiles::opened(const Request& request, Object object) {
    const auto deadline = Progress::Clock::now() + patience_for_a_range;
    auto opened = co_await relay_.open(std::move(object));
    if (!opened)
        co_return plain(opened.error());
    if (auto* blob = std::get_if<Blob>(&*opened))
        co_return blob_response(request, std::move(*blob), relay_, lasting());
    auto reader = std::move(std::get<std::unique_ptr<Reader>>(*opened));
    const auto digest = reader->digest(); // verified, and its commit under way
    auto etag = digest ? etag_of(request, *digest, relay_) : reader->etag();
    const auto ranges = digest ? Ranges::all : co_await ranges_in_time(request, *reader, etag, deadline);
    auto response = file_response(std::move(reader), "miss", lasting());
    response.etag = std::move(etag);
    response.if_range_only = !digest;
    response.ranges = ranges;
    response.fields.emplace_back("Cache-Status", "yizhan; fwd=uri-miss; stored");
    co_return response;
}

// A client that asks for the end of a delivery at its beginning would hear nothing until all before it is here: it is
// answered as if it had asked for everything, which RFC 9110 (14.2) allows.
Task<Ranges> IndexFiles::ranges_in_time(const Request& request, Reader& reader, std::string_view etag,
                                        Progress::Clock::time_point deadline) {
    const auto selected =
        select(request, {.etag = etag, .if_range_only = true, .ranges = Ranges::to_end, .size = reader.size()});
    const bool ahead = selected.status == 206 && !co_await reader.reaches(selected.first, deadline);
    co_return ahead ? Ranges::none : Ranges::to_end;
}

// HEAD never starts a fill: it is answered from the index's size, else by an upstream's HEAD.
Task<Response> IndexFiles::head_only(const Plan& plan) {
    auto answer = [this](std::uint64_t size) {
        auto response = file_response(std::make_unique<SizeOnly>(size), "miss", lasting());
        response.ranges = Ranges::all; // says Accept-Ranges, which lazy readers of wheels look for
        response.fields.emplace_back("Cache-Status", "yizhan; fwd=uri-miss");
        return response;
    };
    if (plan.object.size && !relay_.offline())
        co_return answer(*plan.object.size);
    if (relay_.offline())
        co_return plain(Error{Errc::not_found,
                              std::string(plan.object.filename()) + " is not in the store, and yizhan runs offline "
                                                                    "(started with --offline): no upstream was asked",
                              {}});
    const auto size = co_await upstream_size(plan);
    co_return size ? answer(*size) : plain(size.error());
}

// What no page tells, the first upstream that knows does; of a file of the tree it is remembered.
Task<Result<std::uint64_t>> IndexFiles::upstream_size(const Plan& plan) {
    std::vector<std::string> tried;
    bool root_lacks_it = false;
    for (const auto& source : plan.object.sources) {
        UpstreamRequest request{.url = source.url, .head_only = true};
        const auto fetched = co_await relay_.fetch(std::move(request), 0, Purpose::piece);
        if (!fetched) {
            tried.push_back(fetched.error().message);
            continue;
        }
        const auto size = fetched->head.content_length();
        if (fetched->head.status == 200 && size) {
            if (source.root && plan.known && index_.wheel_tree)
                co_await remember_size(plan, *size);
            co_return *size;
        }
        root_lacks_it |= source.root && fetched->head.status == 404;
        tried.push_back(fmt::format("{}: status {}", redacted(source.url.str()), fetched->head.status));
    }
    co_return fail(root_lacks_it ? Errc::not_found : Errc::unavailable,
                   fmt::format("no upstream tells the size of {}", plan.object.filename()), std::move(tried));
}

Task<void> IndexFiles::remember_size(const Plan& plan, std::uint64_t size) {
    auto keep = [this, key = plan.ledger_key, known = *plan.known, size]() mutable {
        known.size = size;
        const std::vector<Store::LedgerRow> rows{{key, known, true}};
        return store_.put_ledger(rows).has_value();
    };
    if (!co_await run_on(relay_.disk().get_executor(), std::move(keep)))
        spdlog::warn("{}: the size of {} could not be written down", index_.name, plan.object.path);
}

// A small piece of an unverified file is passed on from the root alone, whose word it is anyway; without If-Range only,
// because a client that resumes needs the delivery it began with.
Task<std::optional<Response>> IndexFiles::middle(const Request& request, const Plan& plan) {
    const auto& object = plan.object;
    if (request.field("Range").empty() || !request.field("If-Range").empty() || !object.size || relay_.offline())
        co_return std::nullopt;
    const auto selected =
        select(request, {.etag = {}, .if_range_only = false, .ranges = Ranges::all, .size = object.size});
    if (selected.status != 206 || selected.size > max_middle || selected.size == *object.size)
        co_return std::nullopt;
    for (const auto& source : object.sources) {
        if (!source.root)
            continue;
        const auto last = selected.first + selected.size - 1;
        UpstreamRequest piece{.url = source.url, .range = fmt::format("{}-{}", selected.first, last)};
        auto fetched = co_await relay_.fetch(std::move(piece), max_middle, Purpose::piece);
        const auto wanted = fmt::format("bytes {}-{}/{}", selected.first, last, *object.size);
        if (!fetched || fetched->head.status != 206 || fetched->head.field("content-range") != wanted ||
            fetched->body.size() != selected.size)
            continue;
        auto response =
            file_response(std::make_shared<const std::string>(std::move(fetched->body)), "piece", lasting());
        response.status = 206;
        response.fields.emplace_back("Content-Range", wanted);
        response.fields.emplace_back("Accept-Ranges", "bytes");
        response.fields.emplace_back("Cache-Status", "yizhan; fwd=partial");
        co_return response;
    }
    co_return std::nullopt; // answered by the whole file then
}

} // namespace yizhan
