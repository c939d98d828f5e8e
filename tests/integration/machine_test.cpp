// /for/<machine>/simple/: what a machine sees of PyPI and PyTorch's wheels.
#include "tests/integration/wheel_tree.hpp"

#include <boost/json.hpp>

#include <tuple>

namespace yizhan::integration {
namespace {

using ::testing::ElementsAre;

const std::string k620 = "driver441.22-quadro_k620-cp38-win_amd64";

using ForMachine = WheelTree;

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
    EXPECT_THAT(list_with("six", index), HasSubstr("six/"));
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

TEST_F(ForMachine, OfADateTheMatchChoosesAmongWhatWasThere) {
    mirror("root");
    Server& whl = wheels("whl");
    publish();
    on_whl("torch", "2.6.0+cu118", "cu118", "cp311-cp311-linux_x86_64").uploaded = "2025-01-29T00:00:00Z";
    on_whl("torch", "2.6.0+cu126", "cu126", "cp311-cp311-linux_x86_64").uploaded = "2025-06-01T00:00:00Z";
    publish_whl(whl);
    start();
    const std::string index = "/for/driver580.95.05-sm70-cp311-manylinux_2_36_x86_64/simple/";
    EXPECT_THAT(kept(get(index + "torch/").body), ElementsAre("torch-2.6.0+cu126-cp311-cp311-linux_x86_64.whl"));
    for (int round = 0; round < 2; ++round) { // made, and then from memory
        const Reply page = get("/before/2025-03-01" + index + "torch/");
        EXPECT_THAT(kept(page.body), ElementsAre("torch-2.6.0+cu118-cp311-cp311-linux_x86_64.whl"));
        EXPECT_THAT(page.body, Not(HasSubstr("cu126")));
        EXPECT_THAT(page.body, HasSubstr("\"../../../../../../pytorch/whl/cu118/")) << "out of both prefixes";
    }
    EXPECT_THAT(kept(get(index + "torch/").body), ElementsAre("torch-2.6.0+cu126-cp311-cp311-linux_x86_64.whl"));
    const std::string constraints = "/for/driver580.95.05-sm70-cp311-manylinux_2_36_x86_64/constraints.txt";
    EXPECT_THAT(get(constraints).body, HasSubstr("torch==2.6.0+cu126"));
    EXPECT_THAT(get("/before/2025-03-01" + constraints + "?torch=2.6.0").body, HasSubstr("torch==2.6.0+cu118"));
    const Reply tree = get("/before/2025-03-01/pytorch/whl/torch/");
    EXPECT_THAT(kept(tree.body), ElementsAre("torch-2.6.0+cu118-cp311-cp311-linux_x86_64.whl"));
    EXPECT_EQ(tree.field("Yizhan-Hidden"), "too-new=1, without-upload-time=0");
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

class Matched : public ForMachine {
  protected:
    /// Two releases of torch with their partners, PyPI's and the tree's, and a yizhan before them.
    void two_releases() {
        mirror("root");
        Server& whl = wheels("whl");
        for (const auto& [torch, vision, audio] :
             {std::tuple("1.9.0", "0.10.0", "0.9.0"), std::tuple("1.12.1", "0.13.1", "0.12.1")}) {
            for (const std::string project : {"torch", "torchvision"})
                on_pypi(project, project == "torch" ? torch : vision, tag_);
            on_pypi("torchaudio", audio, tag_);
            for (const std::string tag : {"cu102", "cu113"})
                if (tag == "cu113" || std::string_view(torch) == "1.9.0") { // no cu102 on Windows from 1.11 on
                    on_whl("torch", std::string(torch) + "+" + tag, tag, tag_);
                    on_whl("torchvision", std::string(vision) + "+" + tag, tag, tag_);
                }
        }
        on_pypi("tensorflow", "2.3.0", tag_);
        on_pypi("tensorflow", "2.11.0", tag_);
        publish();
        publish_whl(whl);
        set("[machines.k620]\ngpu = ['Quadro K620']\ndriver = '441.22'\npython = '3.8'\nplatform = 'win_amd64'");
        start();
    }
    std::string tag_ = "cp38-cp38-win_amd64";
};

TEST_F(Matched, ConstraintsNameWhatGoesTogether) {
    two_releases();
    const Reply reply = get("/for/k620/constraints.txt");
    ASSERT_EQ(reply.status, 200u) << reply.body;
    EXPECT_THAT(reply.field("Content-Type"), StartsWith("text/plain"));
    for (const char* line : {"\ntorch==1.9.0+cu102\n", "\ntorchvision==0.10.0+cu102\n", "\ntorchaudio==0.9.0\n",
                             "\n# torchtext: left out", "\ntensorflow==2.3.0\n", "\nnumpy<2\n", "\nprotobuf<3.21\n"})
        EXPECT_THAT(reply.body, HasSubstr(line));
    EXPECT_THAT(reply.body, Not(HasSubstr("\nh5py"))) << "only told: it breaks a part in use, not the import";

    const Reply newer = get("/for/driver472.12-quadro_k620-cp38-win_amd64/constraints.txt");
    EXPECT_THAT(newer.body, HasSubstr("\ntorch==1.12.1+cu113\n"));
    const Reply pinned = get("/for/driver472.12-quadro_k620-cp38-win_amd64/constraints.txt?torch=1.9.0");
    EXPECT_THAT(pinned.body, HasSubstr("\ntorch==1.9.0+cu113\n"));
    EXPECT_THAT(pinned.body, HasSubstr("\ntorchvision==0.10.0+cu113\n"));
    const Reply impossible = get("/for/k620/constraints.txt?torch=1.12.1");
    EXPECT_EQ(impossible.status, 404u);
    EXPECT_THAT(impossible.body, HasSubstr("CUDA 11.3 needs driver 452.39"));
    EXPECT_THAT(impossible.body, HasSubstr("the newest that runs here is 1.9.0+cu102"));
    EXPECT_EQ(get("/for/k620/constraints.txt?torch=new").status, 404u);
    EXPECT_EQ(get("/for/k620/constraints.txt?torche=1").status, 400u);
    EXPECT_EQ(get("/for/k620/simple/?x=1").status, 400u);
}

TEST_F(Matched, ExplainSaysOfEachFileWhy) {
    two_releases();
    const Reply text = get("/api/v1/explain?project=Torch&machine=k620");
    ASSERT_EQ(text.status, 200u) << text.body;
    EXPECT_THAT(text.body,
                StartsWith("torch for driver441.22-sm50-cp38-win_amd64\nA client takes torch 1.9.0+cu102: "));
    EXPECT_THAT(text.body, HasSubstr("hidden  cu113     torch-1.12.1+cu113-cp38-cp38-win_amd64.whl: CUDA 11.3 needs "
                                     "driver 452.39 on Windows, this machine has 441.22"));
    const auto json = boost::json::parse(get("/api/v1/explain?project=torch&machine=k620&format=json").body);
    EXPECT_EQ(json.at("chosen").as_string(), "1.9.0+cu102");
    EXPECT_EQ(json.at("files").as_array().size(), 5u);
    for (const char* wrong : {"", "?project=torch", "?machine=k620", "?project=torch&machine=k620&format=xml",
                              "?project=torch&project=torch&machine=k620", "?project=%0a&machine=k620"})
        EXPECT_EQ(get(std::string("/api/v1/explain") + wrong).status, 400u) << wrong;
    EXPECT_EQ(get("/api/v1/explain?project=torch&machine=k62").status, 404u);

    const auto told = run_yizhan({"explain", "torch", "--for", "k620", "--data", data().string()}, folder());
    EXPECT_EQ(told.status, 0) << told.said;
    EXPECT_EQ(told.said, text.body);
    const auto wrong = run_yizhan({"explain", "torch", "--for", "k62", "--data", data().string()}, folder());
    EXPECT_EQ(wrong.status, 1);
    EXPECT_THAT(wrong.said, HasSubstr("the settings name k620"));
}

TEST_F(ForMachine, WhatAClientTakesFirstHasItsMetadataReadyThoughUpstreamOffersNone) {
    Server& whl = wheels("whl");
    Server& liar = wheels("liar");
    mirror("root");
    const std::string tag = "cp38-cp38-win_amd64";
    const auto& chosen = on_whl("torch", "1.9.0+cu102", "cu102", tag, 1, scaled(20 * MiB));
    const auto& older = on_whl("torch", "1.8.1+cu102", "cu102", tag, 2, scaled(20 * MiB));
    publish();
    publish_whl(whl);
    liar.serve("/whl/cu102/" + chosen.file.filename,
               file(make_wheel("torch", "1.9.0+cu102", {.requires_dist = {"evil"}}).body));
    start();
    const std::string index = "/for/" + k620 + "/simple/";
    const Reply page = get(index + "torch/");
    const auto digest = sha256_hex(*chosen.file.metadata);
    EXPECT_THAT(page.body, HasSubstr("data-core-metadata=\"sha256=" + digest + "\"")) << "on the first view";
    const Reply metadata = get(path_in_tree(chosen) + ".metadata");
    EXPECT_EQ(metadata.body, *chosen.file.metadata);
    EXPECT_LE(whl.record().count(chosen.file.filename), 3u);
    EXPECT_LT(whl.record().bytes(chosen.file.filename), 1 * MiB) << "not the whole wheel";
    EXPECT_EQ(liar.record().size(), 0u) << "nothing proves what a mirror says of it";
    EXPECT_EQ(whl.record().count(older.file.filename), 0u) << "only what would be taken";
    EXPECT_THAT(get("/pytorch/whl/torch/").body, HasSubstr(digest)) << "the unmatched page offers it too";
    EXPECT_EQ(get(path_in_tree(older) + ".metadata").body, *older.file.metadata)
        << "and what is asked for all the same";
    start_offline();
    EXPECT_THAT(get(index + "torch/").body, HasSubstr(digest));
    EXPECT_EQ(get(path_in_tree(chosen) + ".metadata").body, *chosen.file.metadata);
}

TEST_F(ForMachine, AWheelThatGivesNoMetadataIsListedWithoutIt) {
    Server& whl = wheels("whl");
    mirror("root");
    auto& torch = on_whl("torch", "1.9.0+cu102", "cu102", "cp38-cp38-win_amd64");
    torch.file.body = Body::text("no wheel");
    publish();
    publish_whl(whl);
    start();
    for (int round = 0; round < 2; ++round) {
        const Reply page = get("/for/" + k620 + "/simple/torch/");
        EXPECT_THAT(kept(page.body), ElementsAre(torch.file.filename));
        EXPECT_THAT(page.body, Not(HasSubstr("data-core-metadata")));
    }
}

} // namespace
} // namespace yizhan::integration
