// /for/<machine>/simple/: what a machine sees of PyPI and PyTorch's wheels.
#include "tests/integration/stage.hpp"

#include <deque>
#include <set>

namespace yizhan::integration {
namespace {

using ::testing::ElementsAre;

const std::string k620 = "driver441.22-quadro_k620-cp38-win_amd64";

class ForMachine : public Stage {
  protected:
    /// Adds a wheel of PyPI's.
    void on_pypi(const std::string& project, const std::string& version, const std::string& tag) {
        farm().index().add_wheel(project, version, {.tag = tag});
    }

    /// Adds a wheel below /whl/<tag>/ of `server`, on no page yet.
    const Distribution& on_whl(const std::string& project, const std::string& version, const std::string& tag,
                               const std::string& wheel_tag, std::uint64_t seed = 1) {
        auto made = make_wheel(project, version, {.tag = wheel_tag, .size = 2 * KiB, .seed = seed});
        auto& out = tree_.emplace_back();
        out.folder = tag;
        out.project = project;
        out.file.filename = std::move(made.filename);
        out.file.body = std::move(made.body);
        out.file.metadata = std::move(made.metadata);
        return out.file;
    }

    struct InTree {
        std::string folder, project;
        Distribution file;
        bool digest = true;
    };
    std::deque<InTree> tree_;

    static std::string encoded(std::string text) {
        for (auto at = text.find('+'); at != std::string::npos; at = text.find('+', at))
            text.replace(at, 1, "%2B");
        return text;
    }

    /// A page as PyTorch's generator writes it: root-relative or absolute links.
    std::string whl_page(const std::string& project, const std::string& folder, const std::string& base = "") {
        std::string out = "<!DOCTYPE html><html><body><h1>Links for " + project + "</h1>\n";
        for (const auto& entry : tree_)
            if (entry.project == project && (folder.empty() || entry.folder == folder))
                out += "<a href=\"" + base + "/whl/" + entry.folder + "/" + encoded(entry.file.filename) +
                       (entry.digest ? "#sha256=" + entry.file.body.sha256() : "") + "\">" + entry.file.filename +
                       "</a><br/>\n";
        return out + "</body></html><!--TIMESTAMP 1755-->";
    }

    void publish_whl(Server& server, const std::string& base = "") {
        std::set<std::string> folders, projects;
        for (const auto& entry : tree_) {
            folders.insert(entry.folder);
            projects.insert(entry.project);
            server.serve("/whl/" + entry.folder + "/" + entry.file.filename, file(entry.file.body));
        }
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
};

TEST_F(ForMachine, PypisPagesAreMatchedAndFilesHaveOnePath) {
    mirror("root");
    on_pypi("tensorflow", "2.3.0", "cp38-cp38-win_amd64");
    on_pypi("tensorflow", "2.11.0", "cp38-cp38-win_amd64");
    const Distribution& six = wheel("six");
    publish();
    start();
    const std::string index = "/for/" + k620 + "/simple/";
    const Reply page = get(index + "tensorflow/");
    ASSERT_EQ(page.status, 200u) << page.body;
    EXPECT_THAT(kept(page.body), ElementsAre("tensorflow-2.3.0-cp38-cp38-win_amd64.whl"));
    EXPECT_THAT(page.body, HasSubstr("data-yanked=\"not for this machine: from 2.11 on TensorFlow has no CUDA"));
    EXPECT_THAT(kept(get("/simple/tensorflow/").body), testing::SizeIs(2)) << "the unmatched page is as it was";

    const Reply plain = get(index + "six/");
    const auto href = href_of(plain.body, six.filename);
    EXPECT_THAT(href, StartsWith("../../../../pypi/packages/")) << "links climb out of the machine's folder";
    EXPECT_EQ(resolved(index + "six/", href), path_of(six));
    EXPECT_EQ(get(resolved(index + "six/", href)).body, six.body.str());
    EXPECT_THAT(get(index).body, HasSubstr("six/"));
    EXPECT_EQ(get(index + "Six").status, 301u);
    EXPECT_EQ(get("/for/" + k620 + "/simple").status, 301u);

    for (int round = 0; round < 2; ++round) {
        const Reply again = get(index + "tensorflow/");
        EXPECT_EQ(again.body, page.body);
        EXPECT_THAT(again.field("Cache-Status"), StartsWith("yizhan; hit; ttl="));
    }
    const Fields known{{"If-None-Match", std::string(page.field("ETag"))}};
    EXPECT_EQ(get(index + "tensorflow/", known).status, 304u);
}

TEST_F(ForMachine, AMachineHasANameOrIsALiteralAndElseASentenceSaysWhatIsMeant) {
    mirror("root");
    on_pypi("tensorflow", "2.3.0", "cp38-cp38-win_amd64");
    on_pypi("tensorflow", "2.11.0", "cp38-cp38-win_amd64");
    publish();
    set("[machines.k620]\ngpu = ['Quadro K620']\ndriver = '441.22'\npython = '3.8'\nplatform = 'win_amd64'");
    start();
    EXPECT_EQ(get("/for/k620/simple/tensorflow/").body, get("/for/" + k620 + "/simple/tensorflow/").body);
    const Reply odd = get("/for/driver441.22-k620-py38-win_amd64/simple/tensorflow/");
    EXPECT_EQ(odd.status, 404u);
    EXPECT_THAT(odd.body, HasSubstr("the nearest that is one: driver441.22-sm50-cp38-win_amd64"));
    EXPECT_THAT(odd.body, HasSubstr("the settings name k620"));
    const Reply rocm = get("/for/rocm6.4-cp312-manylinux_2_28_x86_64/simple/torch/");
    EXPECT_EQ(rocm.status, 404u);
    EXPECT_THAT(rocm.body, HasSubstr("/pytorch/whl/rocm6.4/"));
    EXPECT_EQ(get("/for/k620/nothing").status, 404u);
}

TEST_F(ForMachine, ASettingThatIsNoMachineKeepsItFromStarting) {
    set("[machines.k620]\ngpu = ['Quadro K621']\ndriver = '441.22'\nplatform = 'win_amd64'");
    EXPECT_THROW(start(), std::runtime_error);
    const auto checked = run_yizhan({"config", "check", "--config", config().string()}, folder());
    EXPECT_EQ(checked.status, 2);
    EXPECT_THAT(checked.said, HasSubstr("[machines.k620]: gpu = \"Quadro K621\""));
}

TEST_F(ForMachine, TorchIsMergedFromBothIndexes) {
    mirror("root");
    Server& whl = wheels("whl");
    on_pypi("torch", "1.9.0", "cp38-cp38-win_amd64");
    on_pypi("torchvision", "0.10.0", "cp38-cp38-win_amd64");
    for (const std::string tag : {"cpu", "cu102", "cu111"}) {
        on_whl("torch", "1.9.0+" + tag, tag, "cp38-cp38-win_amd64");
        on_whl("torchvision", "0.10.0+" + tag, tag, "cp38-cp38-win_amd64");
    }
    publish();
    publish_whl(whl);
    start();
    const std::string index = "/for/" + k620 + "/simple/";
    const Reply torch = get(index + "torch/");
    ASSERT_EQ(torch.status, 200u) << torch.body;
    EXPECT_THAT(kept(torch.body), ElementsAre("torch-1.9.0+cu102-cp38-cp38-win_amd64.whl"));
    EXPECT_THAT(kept(get(index + "torchvision/").body),
                ElementsAre("torchvision-0.10.0+cu102-cp38-cp38-win_amd64.whl"));
    EXPECT_THAT(torch.body, HasSubstr("torch-1.9.0-cp38-cp38-win_amd64.whl")) << "yanked, not gone";
    const auto href = href_of(torch.body, "torch-1.9.0%2Bcu102-cp38-cp38-win_amd64.whl");
    EXPECT_EQ(resolved(index + "torch/", href).substr(0, 20), "/pytorch/whl/cu102/t") << href;
    const auto file = get(resolved(index + "torch/", href));
    EXPECT_EQ(file.status, 200u);
    EXPECT_THAT(href, HasSubstr("#sha256=" + sha256_hex(file.body)));

    const auto counted = whl.record().count("/whl/torch/");
    for (int round = 0; round < 2; ++round)
        EXPECT_EQ(get(index + "torch/").body, torch.body);
    EXPECT_EQ(whl.record().count("/whl/torch/"), counted);
    start_offline();
    EXPECT_EQ(get(index + "torch/").body, torch.body) << "also from the store alone";
}

TEST_F(ForMachine, HalfAPageIsNoPage) {
    mirror("root");
    Server& whl = wheels("whl");
    on_pypi("torch", "1.9.0", "cp38-cp38-win_amd64");
    publish();
    start();
    whl.refuse();
    const Reply torch = get("/for/" + k620 + "/simple/torch/");
    EXPECT_EQ(torch.status, 503u) << "PyPI's alone would lead to a build without CUDA";
    EXPECT_NE(torch.field("Retry-After"), "");
}

} // namespace
} // namespace yizhan::integration
