// /pytorch/whl/…: PyTorch's own index as it stands upstream.
#include "tests/integration/wheel_tree.hpp"

namespace yizhan::integration {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using Pytorch = WheelTree;

const std::string win = "cp37-cp37m-win_amd64";

TEST_F(Pytorch, APagePerTagAndOneForAllLeadToTheFiles) {
    Server& whl = wheels("whl");
    const auto& cu102 = on_whl("torch", "1.9.0+cu102", "cu102", win);
    on_whl("torch", "1.9.0+cu111", "cu111", win);
    publish_whl(whl);
    start();
    const Reply page = get("/pytorch/whl/cu102/torch/");
    ASSERT_EQ(page.status, 200u) << page.body;
    EXPECT_THAT(kept(page.body), ElementsAre(cu102.file.filename));
    const auto href = href_of(page.body, encoded(cu102.file.filename));
    EXPECT_THAT(href, HasSubstr("#sha256=" + cu102.file.body.sha256()));
    EXPECT_EQ(resolved("/pytorch/whl/cu102/torch/", href), path_in_tree(cu102));
    EXPECT_THAT(kept(get("/pytorch/whl/torch/").body), SizeIs(2));
    EXPECT_EQ(get(path_in_tree(cu102)).body, cu102.file.body.str());
    ASSERT_TRUE(becomes(path_in_tree(cu102), "\"" + cu102.file.body.sha256() + "\""));
    EXPECT_EQ(get("/pytorch/whl/cu102/" + cu102.file.filename).body, cu102.file.body.str()) << "a bare '+'";
    EXPECT_EQ(get("/pytorch/whl/cu102/Torch").status, 301u);
    EXPECT_EQ(get("/pytorch/whl/cu99/torch/").status, 404u);
    EXPECT_EQ(get("/pytorch/whl/cu102/torch-9.9-cp37-cp37m-win_amd64.whl").status, 404u);
    start_offline();
    EXPECT_EQ(get("/pytorch/whl/cu102/torch/").body, page.body);
    EXPECT_EQ(get(path_in_tree(cu102)).body, cu102.file.body.str());
}

TEST_F(Pytorch, OneFileNameUnderThreeTagsKeepsItsOwnBytesEach) {
    Server& whl = wheels("whl");
    std::vector<const InTree*> three;
    std::uint64_t seed = 1;
    for (const std::string folder : {"cpu", "cu90", "cu100"})
        three.push_back(&on_whl("torch", "1.1.0", folder, win, ++seed));
    publish_whl(whl);
    start();
    get("/pytorch/whl/torch/");
    for (int round = 0; round < 2; ++round) {
        for (const auto* entry : three) {
            const Reply reply = get(path_in_tree(*entry));
            EXPECT_EQ(sha256_hex(reply.body), entry->file.body.sha256()) << entry->folder;
            ASSERT_TRUE(becomes(path_in_tree(*entry), "\"" + entry->file.body.sha256() + "\""));
        }
        if (round == 0)
            start_offline();
    }
}

TEST_F(Pytorch, LinksToTheFilesOriginsAreRewrittenAndOthersDropped) {
    Server& r2 = farm().add("r2");
    Server& files = farm().add("files");
    Server& whl = wheels("whl", "files = ['" + r2.url("/") + "', '" + files.url("/") + "']\n");
    const auto& cu128 = on_whl("torch", "2.8.0+cu128", "cu128", "cp312-cp312-win_amd64");
    publish_whl(r2, "", Pages::no);
    const Distribution& cudnn = wheel("nvidia-cudnn-cu12");
    files.serve("/packages/" + cudnn.body.pypi_folder() + "/" + cudnn.filename, file(cudnn.body));
    files.serve("/nvidia/" + cudnn.filename, file(cudnn.body));
    const auto origin = r2.url("/");
    whl.serve("/whl/cu128/torch/", page(whl_page("torch", "cu128", origin.substr(0, origin.size() - 1)) +
                                        "<a href=\"http://elsewhere.example/whl/cu128/torch-9.0-py3-none-any.whl"
                                        "#sha256=" +
                                        cudnn.body.sha256() + "\">x</a>"));
    whl.serve("/whl/cu128/nvidia-cudnn-cu12/",
              page("<a href=\"" + files.url("/packages/" + cudnn.body.pypi_folder() + "/" + cudnn.filename) +
                   "#sha256=" + cudnn.body.sha256() + "\">" + cudnn.filename + "</a>"));
    start();
    EXPECT_THAT(kept(get("/pytorch/whl/cu128/torch/").body), ElementsAre(cu128.file.filename));
    EXPECT_EQ(get(path_in_tree(cu128)).body, cu128.file.body.str());
    EXPECT_EQ(r2.record().count(cu128.file.filename), 1u) << "the root's page says where it lies";
    const Reply page = get("/pytorch/whl/cu128/nvidia-cudnn-cu12/");
    const auto href = resolved("/pytorch/whl/cu128/nvidia-cudnn-cu12/", href_of(page.body, cudnn.filename));
    EXPECT_EQ(href, path_of(cudnn)) << "PyPI's files are where they always are";
    EXPECT_EQ(get(href).body, cudnn.body.str());
}

TEST_F(Pytorch, MirrorsSupplyBytesByTagAndNameFlatOrNot) {
    Server& whl = wheels("whl");
    Server& flat = wheels("flat", "layout = 'flat'\n");
    const auto& torch = on_whl("torch", "2.8.0+cu128", "cu128", "cp312-cp312-win_amd64");
    publish_whl(whl);
    publish_whl(flat, "", Pages::no);
    start();
    get("/pytorch/whl/cu128/torch/");
    whl.refuse();
    EXPECT_EQ(get(path_in_tree(torch)).body, torch.file.body.str());
    EXPECT_EQ(flat.record().count(torch.file.filename), 1u);
}

TEST_F(Pytorch, AMirrorsLieIsNotPassedOn) {
    Server& whl = wheels("whl");
    Server& liar = wheels("liar");
    const auto& torch = on_whl("torch", "2.8.0+cu128", "cu128", "cp312-cp312-win_amd64");
    publish_whl(whl);
    liar.serve(
        "/whl/cu128/" + torch.file.filename,
        file(make_wheel("torch", "2.8.0+cu128", {.tag = "cp312-cp312-win_amd64", .size = 2 * KiB, .seed = 9}).body));
    start();
    get("/pytorch/whl/cu128/torch/");
    whl.refuse();
    EXPECT_EQ(get(path_in_tree(torch)).status, 503u);
    whl.listen();
    for (int round = 0; round < 50 && get(path_in_tree(torch)).status != 200; ++round) {
    }
    EXPECT_EQ(get(path_in_tree(torch)).body, torch.file.body.str());
}

TEST_F(Pytorch, TheGuidesListIsTheFrozenOne) {
    Server& whl = wheels("whl");
    const auto& torch = on_whl("torch", "1.9.0+cu102", "cu102", win);
    on_whl("torchvision", "0.10.0+cu102", "cu102", win);
    on_whl("torchaudio", "0.9.0", "cpu", win);
    on_whl("torch", "2.4.0+cu121", "cu121", win);
    on_whl("torch", "2.9.0+xpu", "xpu", win);
    on_whl("torchvision", "0.19.0+cu121", "cu121", win);
    on_whl("torchaudio", "2.4.0+cu121", "cu121", win);
    publish_whl(whl);
    whl.serve("/whl/torch_stable.html", page(flat_page()));
    start();
    const Reply list =
        get("/pytorch/whl/torch_stable.html", {{"Accept", "application/vnd.pypi.simple.v1+json, text/html"}});
    ASSERT_EQ(list.status, 200u) << list.body;
    EXPECT_THAT(list.field("Content-Type"), StartsWith("text/html"));
    EXPECT_THAT(kept(list.body), SizeIs(3)) << list.body;
    const auto href = href_of(list.body, encoded(torch.file.filename));
    EXPECT_EQ(resolved("/pytorch/whl/torch_stable.html", href), path_in_tree(torch));
    EXPECT_EQ(get(path_in_tree(torch)).body, torch.file.body.str());
    EXPECT_EQ(whl.record().count("/whl/cu102/torch/"), 1u) << "the list has no digests, the page of its tag has";

    const Reply made = get("/pytorch/whl/cu102/torch_stable.html");
    ASSERT_EQ(made.status, 200u) << "upstream has none: put together. " << made.body;
    EXPECT_THAT(kept(made.body), SizeIs(2));
    EXPECT_EQ(resolved("/pytorch/whl/cu102/torch_stable.html", href_of(made.body, encoded(torch.file.filename))),
              path_in_tree(torch));
    EXPECT_EQ(get("/pytorch/whl/torch_nightly.html").status, 404u);
}

TEST_F(Pytorch, AFileWithoutADigestComesFromTheRootAndHasOneAfterwards) {
    Server& whl = wheels("whl");
    Server& other = wheels("other");
    auto& torch = on_whl("torch", "2.14.0.dev1+cu132", "nightly/cu132", win);
    torch.digest = false;
    publish_whl(whl);
    publish_whl(other, "", Pages::no);
    set("pypi.page_ttl = '0s'");
    start();
    EXPECT_THAT(get("/pytorch/whl/nightly/cu132/torch/").body, Not(HasSubstr("#sha256=")));
    EXPECT_EQ(get(path_in_tree(torch)).body, torch.file.body.str());
    EXPECT_EQ(other.record().size(), 0u) << "nobody could tell whether its bytes are the same";
    ASSERT_TRUE(becomes(path_in_tree(torch), "\"" + torch.file.body.sha256() + "\""));
    whl.serve("/whl/nightly/cu132/torch/", page(whl_page("torch", "nightly/cu132", "") + "<!-- newer -->"));
    EXPECT_THAT(get("/pytorch/whl/nightly/cu132/torch/").body, HasSubstr("#sha256=" + torch.file.body.sha256()));
}

TEST_F(Pytorch, APathThatComesToStandForOtherBytesStandsForThem) {
    Server& whl = wheels("whl");
    auto& torch = on_whl("torch", "2.9.0+cu128", "test/cu128", win);
    publish_whl(whl);
    set("pypi.page_ttl = '0s'");
    start();
    get("/pytorch/whl/test/cu128/torch/");
    EXPECT_EQ(get(path_in_tree(torch)).body, torch.file.body.str());
    ASSERT_TRUE(becomes(path_in_tree(torch), "\"" + torch.file.body.sha256() + "\""));
    torch.file.body = make_wheel("torch", "2.9.0+cu128", {.tag = win, .size = 2 * KiB, .seed = 7}).body;
    publish_whl(whl);
    EXPECT_THAT(get("/pytorch/whl/test/cu128/torch/").body, HasSubstr(torch.file.body.sha256()));
    EXPECT_EQ(get(path_in_tree(torch)).body, torch.file.body.str());
}

TEST_F(Pytorch, MetadataIsServedWhereItsDigestFitsAndElseComesOutOfTheWheel) {
    Server& whl = wheels("whl");
    auto& torch = on_whl("torch", "2.8.0+cu128", "cu128", win);
    auto& broken = on_whl("torch", "2.7.0+cu128", "cu128", win);
    torch.metadata = broken.metadata = true;
    publish_whl(whl);
    whl.serve("/whl/cu128/" + broken.file.filename + ".metadata",
              file(Body::text("Checksum-SHA256: x\n" + *broken.file.metadata)));
    start();
    get("/pytorch/whl/cu128/torch/");
    EXPECT_EQ(get(path_in_tree(torch) + ".metadata").body, *torch.file.metadata);
    const Reply repaired = get(path_in_tree(broken) + ".metadata");
    EXPECT_TRUE(repaired.status != 200 || repaired.body == *broken.file.metadata) << repaired.body;
}

TEST_F(Pytorch, TheIndexOfATagListsItsProjects) {
    Server& whl = wheels("whl");
    on_whl("torch", "1.9.0+cu102", "cu102", win);
    publish_whl(whl);
    whl.serve("/whl/cu102/", page("<!DOCTYPE html><html><body><a href=\"torch/\">torch</a><br/>"
                                  "<a href=\"typing-extensions/\">typing-extensions</a><br/></body></html>"));
    start();
    EXPECT_THAT(get("/pytorch/whl/cu102/").body, HasSubstr("<a href=\"typing-extensions/\">"));
    EXPECT_EQ(get("/pytorch/whl/cu102").status, 301u);
    EXPECT_NE(get("/pytorch/whl/cpu-:x").status, 301u) << "a Location with a colon would lead elsewhere";
    EXPECT_EQ(get("/pytorch/whl/cu111/").status, 404u);
    start_offline();
    EXPECT_THAT(get("/pytorch/whl/cu102/").body, HasSubstr("<a href=\"torch/\">"));
}

TEST_F(Pytorch, WhatNoPageTellsTheSizeOfIsAskedForWithAHead) {
    Server& whl = wheels("whl");
    const auto& torch = on_whl("torch", "2.8.0+cu128", "cu128", win, 1, 3 * MiB);
    publish_whl(whl);
    start();
    get("/pytorch/whl/cu128/torch/");
    const Reply head = get(path_in_tree(torch), {}, "HEAD");
    EXPECT_EQ(head.status, 200u) << "uv's first question";
    EXPECT_EQ(head.field("Content-Length"), std::to_string(torch.file.body.size()));
    EXPECT_EQ(head.field("Accept-Ranges"), "bytes");
    const Reply end = get(path_in_tree(torch), {{"Range", "bytes=-100"}});
    EXPECT_EQ(end.status, 206u) << end.body;
    EXPECT_EQ(end.body, torch.file.body.str().substr(torch.file.body.size() - 100));
}

TEST_F(Pytorch, AWheelsEndIsReadWithoutFetchingTheWheel) {
    Server& whl = wheels("whl");
    const auto& torch = on_whl("torch", "2.8.0+cu128", "cu128", win, 1, scaled(20 * MiB));
    publish_whl(whl);
    start();
    get("/pytorch/whl/cu128/torch/");
    const auto size = torch.file.body.size();
    const Reply piece =
        get(path_in_tree(torch), {{"Range", "bytes=" + std::to_string(size - 500) + "-" + std::to_string(size - 401)}});
    EXPECT_EQ(piece.status, 206u);
    EXPECT_EQ(piece.body.size(), 100u);
    const Reply end = get(path_in_tree(torch), {{"Range", "bytes=-100"}});
    EXPECT_EQ(end.status, 206u);
    EXPECT_LT(whl.record().bytes(torch.file.filename), 1 * MiB) << "no page tells its size, which a HEAD does";
    EXPECT_EQ(whl.record().count(torch.file.filename, "HEAD"), 1u) << "and only one";
    EXPECT_THAT(get(path_in_tree(torch), {}, "HEAD").field("Cache-Control"), Not(HasSubstr("immutable")))
        << "in the tree a path may come to stand for other bytes";
}

} // namespace
} // namespace yizhan::integration
