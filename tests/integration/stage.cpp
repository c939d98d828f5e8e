#include "tests/integration/stage.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace yizhan::integration {

namespace {

double scale() {
    const char* text = std::getenv("YIZHAN_TEST_SCALE"); // NOLINT(concurrency-mt-unsafe): nobody sets it here
    const double value = text == nullptr ? 1 : std::strtod(text, nullptr);
    return value > 0 ? value : 1;
}

std::filesystem::path make_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "yizhan-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw_errno("mkdtemp");
    }
    return name;
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool can_be_taken_up(const std::filesystem::path& path) {
    auto pieces = path;
    return path.extension() == ".pieces" ||
           (path.extension() == ".part" && std::filesystem::exists(pieces.replace_extension(".pieces")));
}

std::vector<std::string> leftovers(const std::filesystem::path& partials, bool parked) {
    std::vector<std::string> out;
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(partials, missing)) {
        if (!parked || !can_be_taken_up(entry.path())) {
            out.push_back(entry.path().string());
        }
    }
    return out;
}

} // namespace

std::uint64_t scaled(std::uint64_t size) {
    return std::max(static_cast<std::uint64_t>(static_cast<double>(size) * scale()), std::min(size, 8 * MiB));
}

bool is_scaled() {
    return scale() != 1;
}

Stage::Stage() : folder_(make_folder()) {
    set("cache.min_free = '0B'"); // a full disk of the machine is not what is tested
    set("log.level = 'debug'");
}

Stage::~Stage() {
    if (HasFailure() && service_) {
        std::cerr << "--- what yizhan said:\n" << service_->log() << "---\n";
    }
    service_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

Server& Stage::mirror(const std::string& name, ServerOptions options) {
    Server& server = farm_.add(name, std::move(options));
    upstreams_.push_back({name, server.url("/simple/")});
    return server;
}

Server& Stage::tls_mirror(const std::string& name, Certificate certificate) {
    const auto ca = folder_ / "ca.pem";
    if (!std::filesystem::exists(ca)) {
        std::ofstream(ca) << farm_.authority().pem();
        set("relay.ca_file = '" + ca.string() + "'");
    }
    Server& server = farm_.add_tls(name, certificate);
    upstreams_.push_back({name, server.url("/simple/")});
    return server;
}

Server& Stage::wheels(const std::string& name, const std::string& more) {
    Server& server = farm_.add(name);
    wheel_upstreams_.push_back("[[pytorch.upstream]]\nurl = '" + server.url("/whl/") + "'\nfamily = '" + name +
                               "'\nroot = " + (wheel_upstreams_.empty() ? "true\n" : "false\n") + more);
    return server;
}

const Distribution& Stage::wheel(const std::string& project, std::uint64_t size) {
    return farm_.index().add_wheel(project, "1.0", {.size = size, .seed = std::hash<std::string>{}(project)});
}

void Stage::publish(const PublishOptions& options) {
    for (const Upstream& upstream : upstreams_) {
        farm_.index().publish(farm_.at(upstream.name), options);
    }
}

void Stage::write_config() const {
    std::ofstream out(config());
    // Of equals the one named first is asked first, and nobody for the sake of exploring.
    out << "relay.choice.within = 0.0\nrelay.choice.explore = 0.0\n";
    for (const std::string& line : settings_) {
        out << line << "\n";
    }
    for (std::size_t i = 0; i < upstreams_.size(); ++i) {
        out << "[[pypi.upstream]]\nurl = '" << upstreams_[i].url << "'\nfamily = '" << upstreams_[i].name
            << "'\nroot = " << (i == 0 ? "true" : "false") << "\n";
    }
    // Where nothing is said the catalogue's are asked, and those are on the Internet.
    const auto said = [&](std::string_view table) {
        return std::ranges::any_of(settings_, [&](const std::string& line) { return line.find(table) != line.npos; });
    };
    if (upstreams_.empty() && !said("[[pypi.upstream]]"))
        out << "[[pypi.upstream]]\nurl = 'http://127.0.0.1:1/simple/'\n";
    if (wheel_upstreams_.empty())
        out << "[[pytorch.upstream]]\nurl = 'http://127.0.0.1:1/whl/'\n";
    for (const std::string& table : wheel_upstreams_)
        out << table;
}

Service& Stage::start(const std::vector<std::string>& flags) {
    write_config();
    service_.reset();
    service_ = std::make_unique<Service>(config(), data(), flags);
    return *service_;
}

Service& Stage::start_offline() {
    for (const auto& [name, server] : farm_.servers()) {
        server->refuse();
    }
    return start({"--offline"});
}

void Stage::stop() {
    EXPECT_EQ(service_->stop(), 0);
}

std::string Stage::list_with(std::string_view project, std::string_view index) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    std::string listed;
    do
        listed = get(index).body;
    while (!listed.contains(std::string(project) + "/\"") && std::chrono::steady_clock::now() < deadline);
    return listed;
}

Reply Stage::get_expecting(std::string_view target, const Body& body, const Fields& fields) {
    Client client(service_->port());
    client.expect(body);
    return client.get(target, fields);
}

std::size_t Stage::upstream_requests() {
    std::size_t sum = 0;
    for (const auto& [name, server] : farm_.servers()) {
        sum += server->record().size();
    }
    return sum;
}

std::vector<std::string> Stage::wrong_files(Parked parked) const {
    const auto until = std::chrono::steady_clock::now() + seconds(5);
    std::vector<std::string> out = leftovers(data() / "partial", parked == Parked::yes);
    while (!out.empty() && std::chrono::steady_clock::now() < until) {
        std::this_thread::yield();
        out = leftovers(data() / "partial", parked == Parked::yes);
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(data() / "blobs")) {
        if (entry.is_regular_file() && sha256_hex(read_file(entry.path())) != entry.path().filename()) {
            out.push_back(entry.path().string());
        }
    }
    return out;
}

bool Stage::becomes(std::string_view target, std::string_view etag) {
    Client client(service_->port());
    const auto until = std::chrono::steady_clock::now() + seconds(20);
    while (std::chrono::steady_clock::now() < until) {
        if (client.get(target, {}, "HEAD").field("ETag") == etag) {
            return true;
        }
    }
    return false;
}

std::string yizhan_binary() {
    return YIZHAN_BINARY;
}

std::string path_of(const Distribution& file) {
    return "/pypi/packages/" + file.body.pypi_folder() + "/" + file.filename;
}

std::string plain_path_of(const Distribution& file) {
    return "/pypi/files/sha256/" + file.body.sha256() + "/" + file.filename;
}

std::string resolved(std::string_view base, std::string_view reference) {
    reference = reference.substr(0, reference.find('#'));
    std::string path = reference.starts_with('/')
                           ? std::string(reference)
                           : std::string(base.substr(0, base.rfind('/') + 1)) + std::string(reference);
    std::string out;
    std::string_view rest = path;
    while (!rest.empty()) {
        const auto end = rest.find('/', 1);
        const std::string_view segment = rest.substr(0, end);
        rest.remove_prefix(segment.size());
        if (segment == "/..") {
            out.erase(std::min(out.size(), out.rfind('/')));
            out += rest.empty() ? "/" : "";
        } else if (segment == "/.") {
            out += rest.empty() ? "/" : "";
        } else {
            out += segment;
        }
    }
    return out;
}

std::string href_of(std::string_view html, std::string_view filename) {
    for (auto at = html.find("<a "); at != std::string_view::npos; at = html.find("<a ", at + 1)) {
        const std::string_view tag = html.substr(at, html.find('>', at) - at);
        constexpr std::string_view attribute = "href=\"";
        const auto begin = tag.find(attribute);
        if (begin == std::string_view::npos) {
            continue;
        }
        const std::string_view href =
            tag.substr(begin + attribute.size(), tag.find('"', begin + attribute.size()) - begin - attribute.size());
        const std::string_view path = href.substr(0, href.find('#'));
        if (path.substr(path.rfind('/') + 1) == filename) {
            return std::string(href);
        }
    }
    return {};
}

} // namespace yizhan::integration
