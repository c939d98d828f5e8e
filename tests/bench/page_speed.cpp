// How fast index/ reads and writes one project's pages, beside libxml2 where that was there to build with.
//
//   page_speed PAGE.html PAGE.json PROJECT SECONDS    prints {"what": MB a second, …}
//
// MB are of the text, 10^6 bytes; seconds are the processor's, since others may be at work beside this.
//
// libxml2 is asked for the least that an index page needs, every link with its attributes and words, through its own
// stream of events; what they mean nobody works out there. Its tree is made only to have something to write.
#include "config/url.hpp"
#include "index/html_page.hpp"
#include "index/json_page.hpp"
#include "index/render.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <time.h>

#ifdef YIZHAN_LIBXML2
#include <libxml/HTMLparser.h>
#include <libxml/HTMLtree.h>
#endif

namespace {

using namespace yizhan;

[[noreturn]] void stop(std::string_view why) {
    std::fprintf(stderr, "page_speed: %.*s\n", static_cast<int>(why.size()), why.data());
    std::_Exit(1);
}

std::string read(const char* path) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        stop(std::string("cannot read ") + path);
    return {std::istreambuf_iterator<char>(file), {}};
}

double cpu_seconds() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

class Report {
  public:
    explicit Report(double seconds) : seconds_(seconds) {}
    ~Report() { std::puts("}"); }
    Report(const Report&) = delete;
    Report& operator=(const Report&) = delete;

    /// Repeats `work`, which gives the bytes of text it read or wrote.
    template <class Work>
    void measure(const char* what, const Work& work) {
        work(); // once for the caches
        std::size_t bytes = 0;
        double took = 0;
        const auto began = cpu_seconds();
        while (took < seconds_) {
            bytes += work();
            took = cpu_seconds() - began;
        }
        std::printf("%c \"%s\": %.1f\n", first_ ? '{' : ',', what, static_cast<double>(bytes) / took / 1e6);
        first_ = false;
    }

  private:
    double seconds_;
    bool first_ = true;
};

#ifdef YIZHAN_LIBXML2
struct Links {
    std::size_t count = 0;
    std::string seen;
};

void on_start(void* context, const xmlChar* name, const xmlChar** attributes) {
    auto& links = *static_cast<Links*>(context);
    if (std::string_view(reinterpret_cast<const char*>(name)) != "a")
        return;
    ++links.count;
    links.seen.clear();
    for (; attributes != nullptr && *attributes != nullptr; attributes += 2)
        if (attributes[1] != nullptr)
            links.seen += reinterpret_cast<const char*>(attributes[1]);
}

void on_words(void* context, const xmlChar* words, int size) {
    static_cast<Links*>(context)->seen.append(reinterpret_cast<const char*>(words), static_cast<std::size_t>(size));
}

void measure_libxml2(Report& report, const std::string& html, std::size_t expected) {
    report.measure("libxml2 read html", [&] {
        htmlSAXHandler handler{};
        handler.startElement = on_start;
        handler.characters = on_words;
        Links links;
        auto* const context = htmlCreatePushParserCtxt(&handler, &links, nullptr, 0, nullptr, XML_CHAR_ENCODING_UTF8);
        htmlParseChunk(context, html.data(), static_cast<int>(html.size()), 1);
        htmlFreeParserCtxt(context);
        if (links.count != expected)
            stop("libxml2 found other links");
        return html.size();
    });
    auto* const tree = htmlReadMemory(html.data(), static_cast<int>(html.size()), "", "UTF-8", HTML_PARSE_NOERROR);
    report.measure("libxml2 write html", [&] {
        xmlChar* text = nullptr;
        int size = 0;
        htmlDocDumpMemory(tree, &text, &size);
        xmlFree(text);
        return static_cast<std::size_t>(size);
    });
    xmlFreeDoc(tree);
}
#endif

} // namespace

int main(int argc, char** argv) {
    if (argc != 5)
        stop("page_speed PAGE.html PAGE.json PROJECT SECONDS");
    const auto html = read(argv[1]), json = read(argv[2]);
    const std::string project = argv[3];
    const auto url = Url::parse("http://127.0.0.1/simple/" + project + "/");
    const auto page = parse_html_page(html, *url, project);
    const auto same = parse_json_page(json, *url, project);
    if (!page || !same || page->page.files.empty() || page->page.files.size() != same->page.files.size())
        stop("the two pages are not one project's");

    Report report(std::strtod(argv[4], nullptr));
    report.measure("read html", [&] { return parse_html_page(html, *url, project) ? html.size() : 0; });
    report.measure("read json", [&] { return parse_json_page(json, *url, project) ? json.size() : 0; });
    report.measure("write html", [&] { return render_html(page->page, "../../").size(); });
    report.measure("write json", [&] { return render_json(page->page, "../../").size(); });
#ifdef YIZHAN_LIBXML2
    measure_libxml2(report, html, page->page.files.size());
#endif
}
