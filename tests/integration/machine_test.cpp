// /for/<machine>/simple/: what a machine sees of PyPI and PyTorch's wheels.
#include "tests/integration/wheel_tree.hpp"

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

} // namespace
} // namespace yizhan::integration
