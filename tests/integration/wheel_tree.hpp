// PyTorch's tree of wheels on a mirror, written as its generator writes it (facts: pytorch, 1.2).
#pragma once

#include "tests/integration/stage.hpp"

#include <deque>
#include <set>
#include <string>
#include <vector>

namespace yizhan::integration {

class WheelTree : public Stage {
  protected:
    struct InTree {
        std::string folder, project;
        Distribution file{};
        bool digest = true;     ///< whether pages give its sha256
        bool metadata = false;  ///< whether they offer its metadata
        std::string uploaded{}; ///< what they say of its upload time; empty: nothing
    };

    /// Adds a wheel of PyPI's.
    void on_pypi(const std::string& project, const std::string& version, const std::string& tag) {
        farm().index().add_wheel(project, version, {.tag = tag});
    }

    /// Adds a wheel below /whl/<folder>/; publish it afterwards.
    InTree& on_whl(const std::string& project, const std::string& version, const std::string& folder,
                   const std::string& wheel_tag, std::uint64_t seed = 1, std::uint64_t size = 2 * KiB,
                   const std::vector<std::string>& requires_dist = {}) {
        auto made = make_wheel(project, version,
                               {.tag = wheel_tag, .requires_dist = requires_dist, .size = size, .seed = seed});
        auto& out = tree_.emplace_back();
        out.folder = folder;
        out.project = project;
        out.file.filename = std::move(made.filename);
        out.file.body = std::move(made.body);
        out.file.metadata = std::move(made.metadata);
        return out;
    }

    static std::string encoded(std::string text) {
        for (auto at = text.find('+'); at != std::string::npos; at = text.find('+', at))
            text.replace(at, 1, "%2B");
        return text;
    }

    /// Where yizhan has it.
    static std::string path_in_tree(const InTree& entry) {
        return "/pytorch/whl/" + entry.folder + "/" + encoded(entry.file.filename);
    }

    /// A project's page: links begin at `base` ("", or an origin), in one folder or ("") in all of them.
    std::string whl_page(const std::string& project, const std::string& folder, const std::string& base) const {
        std::string out = "<!DOCTYPE html><html><body><h1>Links for " + project + "</h1>\n";
        for (const auto& entry : tree_)
            if (entry.project == project && (folder.empty() || entry.folder == folder))
                out += "<a href=\"" + base + "/whl/" + entry.folder + "/" + encoded(entry.file.filename) +
                       (entry.digest ? "#sha256=" + entry.file.body.sha256() : "") + "\"" + attributes(entry) + ">" +
                       entry.file.filename + "</a><br/>\n";
        return out + "</body></html><!--TIMESTAMP 1755-->";
    }

    /// What torch_stable.html says of `tree_`: relative links, no digests.
    std::string flat_page(const std::string& up = "") const {
        std::string out;
        for (const auto& entry : tree_)
            out += "<a href=\"" + up + entry.folder + "/" + encoded(entry.file.filename) + "\">" + entry.folder + "/" +
                   encoded(entry.file.filename) + "</a><br/>\n";
        return out;
    }

    enum class Pages : bool { no, yes };
    /// Serves the files, and the pages, on `server`.
    void publish_whl(Server& server, const std::string& base = "", Pages pages = Pages::yes) {
        std::set<std::string> folders, projects;
        for (const auto& entry : tree_) {
            folders.insert(entry.folder);
            projects.insert(entry.project);
            const auto where = "/whl/" + entry.folder + "/" + entry.file.filename;
            server.serve(where, file(entry.file.body));
            if (entry.metadata)
                server.serve(where + ".metadata", file(Body::text(*entry.file.metadata)));
        }
        if (pages == Pages::no)
            return;
        for (const auto& project : projects) {
            server.serve("/whl/" + project + "/", page(whl_page(project, "", base)));
            for (const auto& folder : folders)
                server.serve("/whl/" + folder + "/" + project + "/", page(whl_page(project, folder, base)));
        }
    }

    /// The files on a page that are not yanked.
    static std::vector<std::string> kept(const std::string& html) {
        std::vector<std::string> out;
        for (auto at = html.find("<a "); at != std::string::npos; at = html.find("<a ", at + 1)) {
            const auto tag = html.substr(at, html.find("</a>", at) - at);
            if (tag.find("data-yanked") == std::string::npos)
                out.push_back(tag.substr(tag.find('>') + 1));
        }
        return out;
    }

    std::deque<InTree> tree_;

  private:
    static std::string attributes(const InTree& entry) {
        std::string out;
        if (!entry.uploaded.empty())
            out += " data-upload-time=\"" + entry.uploaded + "\"";
        if (!entry.metadata)
            return out;
        const auto digest = sha256_hex(*entry.file.metadata);
        return out + " data-dist-info-metadata=\"sha256=" + digest + "\" data-core-metadata=\"sha256=" + digest + "\"";
    }
};

} // namespace yizhan::integration
