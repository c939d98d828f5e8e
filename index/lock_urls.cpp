#include "index/lock_urls.hpp"

#include "index/ascii.hpp"

#include <algorithm>
#include <utility>

namespace yizhan {
namespace {

constexpr std::size_t most_left = 100;

std::string without_slash(std::string_view url) {
    return std::string(url.ends_with('/') ? url.substr(0, url.size() - 1) : url);
}

/// Whether `url` is `address`, or stands below it.
bool is_below(std::string_view url, std::string_view address) {
    return url.starts_with(address) &&
           (url.size() == address.size() || std::string_view("/?#").contains(url[address.size()]));
}

/// Where a URL ends in TOML, and in a requirements file: at a quote, a blank, or what no URL holds.
std::size_t url_end(std::string_view text, std::size_t from) {
    const auto ends = [](char c) { return ascii::is_space(c) || std::string_view("\"'<>`\\^{|},").contains(c); };
    return static_cast<std::size_t>(std::find_if(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), ends) -
                                    text.begin());
}

/// Scheme, host and port.
std::string origin_of(std::string_view url) {
    const auto host = url.find("://") + 3;
    return std::string(url.substr(0, url.find_first_of("/?#", host)));
}

class Rewriting {
  public:
    Rewriting(std::string_view text, const LockChange& change, std::span<const LockAddress> addresses)
        : text_(text), lines_(text), change_(change), addresses_(addresses) {}

    RewrittenLock run() {
        std::size_t copied = 0;
        for (auto at = next_url(0); at != std::string_view::npos;) {
            const auto end = url_end(text_, at);
            const auto url = text_.substr(at, end - at);
            if (const auto [from, to] = change_of(url, at); !from.empty()) {
                out_.text.append(text_.substr(copied, at - copied)).append(to);
                copied = at + from.size();
                ++out_.rewritten;
            }
            at = next_url(end);
        }
        out_.text.append(text_.substr(copied));
        return std::move(out_);
    }

  private:
    using Prefixes = std::pair<std::string, std::string>; ///< what stands there, and what comes in its place

    /// Of "git+https://…" the repository is meant, which no index has.
    std::size_t next_url(std::size_t from) const {
        for (auto at = text_.find("http", from); at != std::string_view::npos; at = text_.find("http", at + 1)) {
            const auto rest = text_.substr(at);
            const bool begins = at == 0 || (!ascii::is_alphanumeric(text_[at - 1]) && text_[at - 1] != '+');
            if (begins && (rest.starts_with("https://") || rest.starts_with("http://")))
                return at;
        }
        return std::string_view::npos;
    }

    std::string in_lab(const LockAddress& address) const { return change_.lab + address.lab_path; }

    /// The prefixes to exchange; empty ones where the URL stays.
    Prefixes change_of(std::string_view url, std::size_t at) {
        return change_.target == LockTarget::lab ? to_lab(url, at) : to_canonical(url, at);
    }

    Prefixes to_lab(std::string_view url, std::size_t at) {
        for (const auto& address : addresses_) {
            if (!is_below(url, address.canonical))
                continue;
            if (address.reversible || change_.mirrors)
                return {address.canonical, in_lab(address)};
            leave(url, at,
                  "is another address of what the lab has; with --mirrors it is rewritten too, and comes back "
                  "as the official one");
            return {};
        }
        if (!count_there(url, &Rewriting::in_lab))
            leave(url, at,
                  is_below(url, change_.lab) ? "is no page or file of a public index"
                                             : "is no index that yizhan serves");
        return {};
    }

    Prefixes to_canonical(std::string_view url, std::size_t at) {
        for (const auto& address : addresses_)
            if (address.reversible && is_below(url, in_lab(address)))
                return {in_lab(address), address.canonical};
        if (!count_there(url, &Rewriting::canonical))
            leave(url, at,
                  is_below(url, change_.lab)
                      ? "is below the lab's address, but no page or file that stands elsewhere under the same path; "
                        "lock against /simple/ for a lock that others can use"
                      : "is not the lab's");
        return {};
    }

    std::string canonical(const LockAddress& address) const { return address.canonical; }

    bool count_there(std::string_view url, std::string (Rewriting::*target)(const LockAddress&) const) {
        const bool there = std::ranges::any_of(addresses_, [&](const LockAddress& address) {
            return address.reversible && is_below(url, (this->*target)(address));
        });
        out_.there += there ? 1 : 0;
        return there;
    }

    void leave(std::string_view url, std::size_t at, std::string_view reason) {
        const auto origin = origin_of(url);
        const auto same = [&](const LeftUrls& left) { return left.origin == origin && left.reason == reason; };
        const auto known = std::ranges::find_if(out_.left, same);
        if (known != out_.left.end())
            ++known->count;
        else if (out_.left.size() < most_left)
            out_.left.push_back({origin, std::string(reason), 1, lines_.place(at)});
    }

    std::string_view text_;
    TextLines lines_;
    const LockChange& change_;
    std::span<const LockAddress> addresses_;
    RewrittenLock out_;
};

} // namespace

std::vector<LockAddress> lock_addresses(std::span<const Mirror> mirrors) {
    std::vector<LockAddress> out;
    const auto add = [&](const std::string& url, std::string_view path, bool reversible) {
        const auto address = without_slash(url);
        const bool known = std::ranges::find(out, address, &LockAddress::canonical) != out.end();
        if (!url.empty() && !known)
            out.push_back({address, std::string(path), reversible});
    };
    const auto add_mirror = [&](const Mirror& mirror, bool root) {
        if (mirror.kind == "pypi") {
            add(mirror.url, "/simple", root);
            add(mirror.packages, "/pypi/packages", root);
        } else if (mirror.kind == "pytorch-wheels") {
            add(mirror.url, "/pytorch/whl", root);
            for (const auto& files : mirror.files) // what the root itself names beside its pages is a second address
                add(files, "/pytorch/whl", false);
        }
    };
    for (const bool root : {true, false})
        for (const auto& mirror : mirrors)
            if (mirror.root == root && mirror.status != Mirror::Status::pattern &&
                mirror.status != Mirror::Status::dead)
                add_mirror(mirror, root);
    return out;
}

RewrittenLock rewrite_lock(std::string_view text, const LockChange& change, std::span<const LockAddress> addresses) {
    return Rewriting(text, change, addresses).run();
}

} // namespace yizhan
