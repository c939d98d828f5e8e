#include "proxy/relay/upstream.hpp"

#include "config/digest.hpp"
#include "index/html_text.hpp"
#include "proxy/http/field_syntax.hpp"
#include "proxy/relay/address.hpp"
#include "proxy/relay/curl_multi.hpp"
#include "proxy/relay/http_proxy.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <map>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace yizhan {
namespace {

using Clock = std::chrono::steady_clock;

// An honest answer's head is under 2 KiB; these bounds stop a hostile one from filling memory.
constexpr std::size_t max_head_bytes = 64UL * 1024;
constexpr std::size_t max_head_fields = 200;

struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::string_view without_line_end(std::string_view line) {
    while (line.ends_with('\n') || line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

std::string numeric_address(const curl_sockaddr& address) {
    char text[INET6_ADDRSTRLEN] = "";
    if (address.family == AF_INET)
        inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&address.addr)->sin_addr, text, sizeof text);
    else if (address.family == AF_INET6)
        inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&address.addr)->sin6_addr, text, sizeof text);
    return text;
}

// One request under way: a curl easy handle with its callbacks' state.
struct Call {
    Call(Ticket id, UpstreamRequest what, Sink& whom, asio::io_context& io)
        : ticket(id), request(std::move(what)), sink(&whom), easy(curl_easy_init()), stall(io), begun(Clock::now()),
          last_activity(begun) {}

    Ticket ticket;
    UpstreamRequest request;
    Sink* sink;
    std::unique_ptr<CURL, EasyDeleter> easy;
    std::unique_ptr<curl_slist, ListDeleter> fields;
    asio::steady_timer stall;
    Clock::time_point begun, last_activity;
    std::optional<Clock::time_point> first_byte;
    std::optional<Head> head;
    std::size_t head_bytes = 0;
    bool connected = false; // the request is being sent: from here on silence is the mirror's
    bool head_complete = false;
    bool paused = false;
    std::optional<Error> failure; // decided by us, before curl reports its own
    std::optional<Result<Stats>> outcome;
    std::uint64_t body_bytes = 0;
    char curl_words[CURL_ERROR_SIZE] = "";

    std::string whom() const { return redacted(request.url.str()); }
};

Error transport_error(const Call& call, CURLcode rc) {
    // What curl 7.88 says of a field over 100 KB, and of one without a colon before its first CR.
    const bool in_head = call.connected && !call.head_complete;
    if (in_head && (rc == CURLE_OUT_OF_MEMORY || rc == CURLE_BAD_FUNCTION_ARGUMENT))
        return {Errc::protocol, call.whom() + ": the answer's head is too long or cannot be read", {}};
    // curl's words quote certificates and status lines, and end up in logs and answers.
    const auto words = one_line(call.curl_words[0] ? std::string_view(call.curl_words) : curl_easy_strerror(rc));
    const auto code = rc == CURLE_WEIRD_SERVER_REPLY || rc == CURLE_BAD_CONTENT_ENCODING || rc == CURLE_HTTP2 ||
                              rc == CURLE_HTTP2_STREAM
                          ? Errc::protocol
                      : rc == CURLE_COULDNT_RESOLVE_HOST && call.request.address != AddressFamily::any
                          ? Errc::not_found // the host has no address of this family, which is no fault of its
                      : call.connected ? Errc::interrupted
                                       : Errc::unavailable;
    return Error{code, fmt::format("{}: {}", call.whom(), words), {}};
}

} // namespace

std::string_view Head::field(std::string_view name) const {
    const auto at = std::ranges::find(fields, name, &std::pair<std::string, std::string>::first);
    return at == fields.end() ? std::string_view{} : std::string_view(at->second);
}

std::optional<std::uint64_t> Head::content_length() const {
    const auto text = field("content-length");
    std::uint64_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || ec != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

struct Upstream::Impl {
    Impl(asio::io_context& relay, Options what)
        : io(relay), options(std::move(what)), multi(relay, [this](CURL* easy, CURLcode rc) { finished(easy, rc); }) {
        if (options.ca_file.empty())
            options.ca_file = read_environment("SSL_CERT_FILE");
        ca_folder = read_environment("SSL_CERT_DIR");
        for (const auto& entry : options.resolve)
            resolve.reset(curl_slist_append(resolve.release(), entry.c_str()));
    }

    asio::io_context& io;
    Options options;
    std::string ca_folder;
    std::unique_ptr<curl_slist, ListDeleter> resolve; // outlives the calls, which only point to it
    Ticket last_ticket = 0;
    std::map<Ticket, std::unique_ptr<Call>> calls;
    CurlMulti multi;

    void launch(Call& call);
    void configure(Call& call);
    void watch_for_stall(Call& call);
    void finished(CURL* easy, CURLcode rc);
    void end(Ticket ticket, Result<Stats> result);
    Call* find(Ticket ticket) {
        const auto at = calls.find(ticket);
        return at == calls.end() ? nullptr : at->second.get();
    }

    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user);
    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user);
    static curl_socket_t on_open(void* user, curlsocktype, curl_sockaddr* address);
    static int on_request(void* user, char*, char*, int, int);
    std::chrono::milliseconds patience(const Call& call) const;
};

std::size_t Upstream::Impl::on_header(char* data, std::size_t size, std::size_t count, void* user) {
    auto& call = *static_cast<Call*>(user);
    call.last_activity = Clock::now();
    const std::string_view line(data, size * count);
    if (call.head_complete && !line.starts_with("HTTP/"))
        return line.size(); // a trailer: nothing of it is used
    call.head_bytes += line.size();
    if (call.head_bytes > max_head_bytes || (call.head && call.head->fields.size() > max_head_fields)) {
        call.failure = Error{Errc::protocol,
                             fmt::format("{}: the answer's head is over {} KiB or {} fields", call.whom(),
                                         max_head_bytes / 1024, max_head_fields),
                             {}};
        return 0;
    }
    if (line.starts_with("HTTP/")) {
        call.head = Head{.status = 0, .url = call.request.url, .fields = {}, .address = {}};
        call.head_complete = false;
        if (const auto space = line.find(' '); space != std::string_view::npos && line.size() >= space + 4)
            std::from_chars(line.data() + space + 1, line.data() + space + 4, call.head->status);
        return line.size();
    }
    if (!call.head)
        return 0;
    if (const auto text = trimmed(without_line_end(line)); !text.empty()) {
        if (!is_field_value(text)) { // RFC 9110 5.5: a bare CR or NUL means something else to the next reader
            call.failure = Error{Errc::protocol, call.whom() + ": the answer's head holds control characters", {}};
            return 0;
        }
        const auto colon = text.find(':');
        if (colon == std::string_view::npos)
            return line.size();
        auto name = lower(text.substr(0, colon));
        if (call.head->field(name).empty())
            call.head->fields.emplace_back(std::move(name), trimmed(text.substr(colon + 1)));
        return line.size();
    }
    if (call.head->status < 200) // an interim answer; the real one follows
        return line.size();
    call.head_complete = true;
    if (!call.sink)
        return 0;
    char* address = nullptr;
    curl_easy_getinfo(call.easy.get(), CURLINFO_PRIMARY_IP, &address);
    call.head->address = address ? address : "";
    if (call.sink->on_head(*call.head) == Verdict::go_on)
        return line.size();
    call.failure = Error{Errc::cancelled, call.whom() + ": not wanted after its head", {}};
    return 0;
}

std::size_t Upstream::Impl::on_body(char* data, std::size_t size, std::size_t count, void* user) {
    auto& call = *static_cast<Call*>(user);
    const std::size_t bytes = size * count;
    call.last_activity = Clock::now();
    if (!call.sink || call.failure)
        return 0;
    if (!call.first_byte)
        call.first_byte = call.last_activity;
    call.body_bytes += bytes;
    if (call.sink->on_bytes(as_bytes({data, bytes})) == Credit::pause) {
        // The bytes are taken; curl_easy_pause is the one call that curl allows from here.
        call.paused = true;
        curl_easy_pause(call.easy.get(), CURLPAUSE_RECV);
    }
    return bytes;
}

curl_socket_t Upstream::Impl::on_open(void* user, curlsocktype, curl_sockaddr* address) {
    auto& call = *static_cast<Call*>(user);
    if (const auto numeric = numeric_address(*address);
        !call.request.private_address_allowed && !is_public_address(numeric)) {
        call.failure = Error{Errc::refused,
                             fmt::format("{}: resolves to {}, which is not a public address, and no setting names this "
                                         "host; name it as an upstream (url or files) if it is meant",
                                         call.whom(), numeric),
                             {}};
        return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
}

void Upstream::Impl::configure(Call& call) {
    CURL* easy = call.easy.get();
    const auto& request = call.request;
    const auto set = [easy](CURLoption option, auto value) {
        if (const auto rc = curl_easy_setopt(easy, option, value); rc != CURLE_OK)
            throw std::logic_error(
                fmt::format("libcurl refuses option {}: {}", static_cast<int>(option), curl_easy_strerror(rc)));
    };
    set(CURLOPT_URL, request.url.str().c_str());
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    // A paused stream stalls or leaks when it is cancelled (curl 7.88.1, issues 10971 and 10988), and one TCP window
    // for all is no way to carry files.
    set(CURLOPT_HTTP_VERSION, static_cast<long>(request.document ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    // Who could join a connection waits until it is known whether that takes several: over TLS that is the handshake,
    // in the clear libcurl would wait for the first answer's head.
    set(CURLOPT_PIPEWAIT, request.document && request.url.scheme() == "https" ? 1L : 0L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_BUFFERSIZE, 512L * 1024);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    set(CURLOPT_USERAGENT, options.user_agent.c_str());
    set(CURLOPT_ERRORBUFFER, call.curl_words);
    set(CURLOPT_PRIVATE, &call);
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, &call);
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, &call);
    set(CURLOPT_OPENSOCKETFUNCTION, &on_open);
    set(CURLOPT_OPENSOCKETDATA, &call);
    set(CURLOPT_PREREQFUNCTION, &on_request);
    set(CURLOPT_PREREQDATA, &call);
    if (request.address != AddressFamily::any)
        set(CURLOPT_IPRESOLVE,
            static_cast<long>(request.address == AddressFamily::v4 ? CURL_IPRESOLVE_V4 : CURL_IPRESOLVE_V6));
    if (resolve)
        set(CURLOPT_RESOLVE, resolve.get());
    if (request.head_only)
        set(CURLOPT_NOBODY, 1L);
    if (request.document)
        set(CURLOPT_ACCEPT_ENCODING, "gzip");
    if (!request.range.empty())
        set(CURLOPT_RANGE, request.range.c_str());
    if (!options.ca_file.empty())
        set(CURLOPT_CAINFO, options.ca_file.c_str());
    if (!ca_folder.empty())
        set(CURLOPT_CAPATH, ca_folder.c_str());

    const auto proxy = http_proxy_for(request.url, options.proxy, read_environment);
    set(CURLOPT_PROXY, proxy.c_str()); // empty: none, and curl shall not read the environment itself
    if (!proxy.empty())
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);

    const auto add_field = [&](const std::string& line) {
        call.fields.reset(curl_slist_append(call.fields.release(), line.c_str()));
    };
    add_field("Accept: " + (request.accept.empty() ? std::string("*/*") : request.accept));
    if (!request.document)
        add_field("Accept-Encoding: identity");
    for (const auto& [name, value] : request.fields)
        add_field(fmt::format("{}: {}", name, value));
    set(CURLOPT_HTTPHEADER, call.fields.get());
    multi.prepare(easy);
}

void Upstream::Impl::launch(Call& call) {
    if (!call.request.private_address_allowed && leads_inward(call.request.url.host())) {
        end(call.ticket, fail(Errc::refused, call.whom() + ": not a public address, and no setting names this host"));
        return;
    }
    // From here on the address is that of the proxy, where there is one, and its operator chose it; the target's name
    // is the proxy's to resolve.
    call.request.private_address_allowed |= !http_proxy_for(call.request.url, options.proxy, read_environment).empty();
    configure(call);
    watch_for_stall(call);
    multi.add(call.easy.get());
}

int Upstream::Impl::on_request(void* user, char*, char*, int, int) {
    auto& call = *static_cast<Call*>(user);
    call.connected = true;
    call.last_activity = Clock::now();
    return CURL_PREREQFUNC_OK;
}

// Connecting has curl's own deadline; ours stands behind it in case that one is missed.
std::chrono::milliseconds Upstream::Impl::patience(const Call& call) const {
    return call.connected ? options.stall_timeout : options.connect_timeout + options.stall_timeout;
}

// One timer per call that is looked at when it fires, rather than set again for every 16 KiB.
void Upstream::Impl::watch_for_stall(Call& call) {
    // Before the connection stands the stall timeout is the shorter step: the timer looks again when it fires.
    call.stall.expires_at(
        std::max(call.last_activity + options.stall_timeout, Clock::now() + std::chrono::milliseconds(1)));
    call.stall.async_wait([this, ticket = call.ticket](error_code ec) {
        auto* waiting = find(ticket);
        if (ec || !waiting)
            return;
        if (waiting->paused)
            waiting->last_activity = Clock::now(); // our own back-pressure is not the mirror's silence
        if (Clock::now() - waiting->last_activity < patience(*waiting))
            return watch_for_stall(*waiting);
        const auto silent = std::chrono::duration<double>(Clock::now() - waiting->last_activity).count();
        multi.remove(waiting->easy.get());
        end(ticket, fail(Errc::timeout, fmt::format("{}: silent for {:.1f} s after {} bytes", waiting->whom(), silent,
                                                    waiting->body_bytes)));
    });
}

void Upstream::Impl::finished(CURL* easy, CURLcode rc) {
    Call* call = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
    if (!call->sink)
        return; // cancelled, and about to be destroyed
    if (call->failure)
        return end(call->ticket, std::unexpected(*call->failure));
    if (rc != CURLE_OK)
        return end(call->ticket, std::unexpected(transport_error(*call, rc)));
    const auto since = [call](Clock::time_point point) {
        return std::chrono::duration_cast<std::chrono::microseconds>(point - call->begun);
    };
    end(call->ticket, Stats{.body_bytes = call->body_bytes,
                            .first_byte = since(call->first_byte.value_or(Clock::now())),
                            .total = since(Clock::now())});
}

// The sink hears from us in a turn of its own, so that it may start the next request at once.
void Upstream::Impl::end(Ticket ticket, Result<Stats> result) {
    auto* call = find(ticket);
    if (!call || call->outcome)
        return;
    call->stall.cancel();
    call->outcome = std::move(result);
    asio::post(io, [this, ticket] {
        if (auto node = calls.extract(ticket); !node.empty())
            node.mapped()->sink->on_done(std::move(*node.mapped()->outcome));
    });
}

Upstream::Upstream(asio::io_context& relay, Options options)
    : impl_(std::make_unique<Impl>(relay, std::move(options))) {}

Upstream::~Upstream() {
    for (auto& [ticket, call] : impl_->calls)
        impl_->multi.remove(call->easy.get());
    impl_->calls.clear();
}

Ticket Upstream::start(UpstreamRequest request, Sink& sink) {
    const Ticket ticket = ++impl_->last_ticket;
    impl_->calls.emplace(ticket, std::make_unique<Call>(ticket, std::move(request), sink, impl_->io));
    // Deferred, because curl forbids new transfers from inside its callbacks, where a sink may well be.
    asio::post(impl_->io, [impl = impl_.get(), ticket] {
        if (auto* call = impl->find(ticket))
            impl->launch(*call);
    });
    return ticket;
}

void Upstream::resume(Ticket ticket) {
    asio::post(impl_->io, [impl = impl_.get(), ticket] {
        auto* call = impl->find(ticket);
        if (!call || !call->paused)
            return;
        call->paused = false;
        call->last_activity = Clock::now();
        curl_easy_pause(call->easy.get(), CURLPAUSE_CONT);
        impl->multi.kick();
    });
}

void Upstream::stop(Ticket ticket) {
    auto* call = impl_->find(ticket);
    if (!call || call->failure)
        return;
    call->failure = Error{Errc::cancelled, call->whom() + ": no more is wanted", {}};
    // Deferred, because this may be one of curl's callbacks on this very transfer.
    asio::post(impl_->io, [impl = impl_.get(), ticket] {
        if (auto* stopped = impl->find(ticket); stopped && !stopped->outcome) {
            impl->multi.remove(stopped->easy.get());
            impl->end(ticket, std::unexpected(*stopped->failure));
        }
    });
}

void Upstream::cancel(Ticket ticket) {
    auto node = impl_->calls.extract(ticket);
    if (node.empty())
        return;
    node.mapped()->sink = nullptr;
    node.mapped()->stall.cancel();
    // Deferred, because this may be one of curl's callbacks on this very transfer.
    asio::post(impl_->io, [impl = impl_.get(), call = std::move(node.mapped())]() mutable {
        impl->multi.remove(call->easy.get());
        call.reset();
    });
}

std::uint64_t Upstream::unread(Ticket ticket) const {
    const auto* call = impl_->find(ticket);
    return call ? impl_->multi.unread(call->easy.get()) : 0;
}

} // namespace yizhan
