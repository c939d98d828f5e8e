#include "index/constraints.hpp"
#include "index/explain.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace yizhan {
namespace {

using testing::HasSubstr;
using testing::Not;

MachineMatch match(const std::string& literal) {
    return std::move(*MachineMatch::of(std::move(*parse_machine(literal, embedded_tables())), embedded_tables()));
}

FileVerdict verdict(const std::string& project, const std::string& version, Fate fate, const std::string& reason = "") {
    return {.filename = project + "-" + version + "-cp38-cp38-win_amd64.whl",
            .version = version,
            .label = "cu102",
            .fits = true,
            .fate = fate,
            .reason = reason};
}

MatchedPage page_of(std::vector<FileVerdict> verdicts) {
    return {.page = {}, .verdicts = std::move(verdicts)};
}

PagesByProject pages() {
    PagesByProject out;
    out.emplace("torch", page_of({verdict("torch", "1.9.0+cu102", Fate::kept, "runs"),
                                  verdict("torch", "1.8.1+cu102", Fate::kept, "runs"),
                                  verdict("torch", "1.9.0+cu111", Fate::yanked, "CUDA 11.1 needs a newer driver"),
                                  verdict("torch", "1.10.0+cu113", Fate::hidden, "CUDA 11.3 needs a newer driver"),
                                  verdict("torch", "2.0.0rc1", Fate::kept, "a candidate")}));
    out.emplace("torchvision", page_of({verdict("torchvision", "0.10.0+cu102", Fate::kept),
                                        verdict("torchvision", "0.9.1+cu102", Fate::kept)}));
    out.emplace("torchaudio", page_of({verdict("torchaudio", "0.9.0", Fate::hidden)}));
    out.emplace("torchtext", fail(Errc::not_found, "the root says\nnumpy==0"));
    out.emplace("tensorflow", page_of({verdict("tensorflow", "2.3.0", Fate::kept)}));
    return out;
}

TEST(Constraints, PinTorchAndWhatGoesWithIt) {
    const auto text = *constraints_text(pages(), match("driver441.22-quadro_k620-cp38-win_amd64"), "");
    EXPECT_THAT(text, HasSubstr("\ntorch==1.9.0+cu102\n")) << "no pre-release";
    EXPECT_THAT(text, HasSubstr("\ntorchvision==0.10.0+cu102\n"));
    EXPECT_THAT(text, HasSubstr("# torchaudio: 0.9.0 goes with torch 1.9.0, but no build of it is kept here\n"));
    EXPECT_THAT(text, HasSubstr("# torchtext: left out: the root says numpy==0\n")) << "one line, whatever was said";
    EXPECT_THAT(text, HasSubstr("\ntensorflow==2.3.0\n"));
    EXPECT_THAT(text, HasSubstr("\nnumpy<2\n"));
    EXPECT_EQ(text.find("\nnumpy<2\n"), text.rfind("\nnumpy<2\n")) << "once, though torch and TensorFlow both ask";
    EXPECT_THAT(text, HasSubstr("to be safe: h5py<3\n")) << "what breaks only in use is told";
    EXPECT_THAT(text, Not(HasSubstr("\nh5py")));
}

TEST(Constraints, APinnedReleaseBringsItsPartners) {
    const auto machine = match("driver441.22-quadro_k620-cp38-win_amd64");
    const auto text = *constraints_text(pages(), machine, "1.8.1");
    EXPECT_THAT(text, HasSubstr("\ntorch==1.8.1+cu102\n"));
    EXPECT_THAT(text, HasSubstr("\ntorchvision==0.9.1+cu102\n"));
    const auto newer = constraints_text(pages(), machine, "1.10.0");
    ASSERT_FALSE(newer);
    EXPECT_EQ(newer.error().code, Errc::not_found);
    EXPECT_THAT(newer.error().message, HasSubstr("CUDA 11.3 needs a newer driver"));
    EXPECT_THAT(newer.error().message, HasSubstr("1.9.0+cu102"));
    EXPECT_FALSE(constraints_text(pages(), machine, "1.9.0+cu111")) << "yanked is not chosen";
    EXPECT_THAT(constraints_text(pages(), machine, "7.0").error().message, HasSubstr("there is no torch 7.0"));
    EXPECT_EQ(constraints_text(pages(), machine, "newest").error().code, Errc::invalid);
}

PagesByProject newer_pages() {
    const auto partner = [](const std::string& project, const std::string& version, const std::string& torch,
                            Fate fate = Fate::kept) {
        auto out = verdict(project, version, fate);
        out.torch = torch;
        return out;
    };
    PagesByProject out;
    out.emplace("torch",
                page_of({verdict("torch", "2.99.0+cu130", Fate::kept), verdict("torch", "1.9.0", Fate::kept)}));
    out.emplace(
        "torchvision",
        page_of({partner("torchvision", "0.99.0+cu130", "2.99.0"), partner("torchvision", "0.99.1+cu130", "2.99.0"),
                 partner("torchvision", "0.99.1+cu126", "2.99.0", Fate::yanked),
                 partner("torchvision", "0.99.2rc1+cu130", "2.99.0"),
                 partner("torchvision", "0.100.0+cu130", "2.100.0"), verdict("torchvision", "0.10.0", Fate::kept)}));
    out.emplace("torchaudio", page_of({verdict("torchaudio", "2.99.0+cu130", Fate::kept)}));
    out.emplace("torchtext", page_of({partner("torchtext", "0.99.0", "2.99.0", Fate::hidden)}));
    return out;
}

TEST(Constraints, OfATorchThatTheTablesDoNotKnowNameThePartnersWhoseMetadataAsksForIt) {
    const auto machine = match("driver580.95-rtx_4090-cp312-win_amd64");
    const auto text = *constraints_text(newer_pages(), machine, "2.99");
    EXPECT_THAT(text, HasSubstr("\n# torchvision: the tables do not know torch 2.99.0; the METADATA of 0.99.0 and of "
                                "0.99.1 asks for it\n"));
    EXPECT_THAT(text, HasSubstr("\ntorchvision==0.99.1+cu130\n")) << "the newest final one, not that of torch 2.100";
    EXPECT_THAT(text, HasSubstr("\n# torchaudio: which release goes with torch 2.99.0 is not in the tables, and"));
    EXPECT_THAT(text, Not(HasSubstr("\ntorchaudio")));
    EXPECT_THAT(text, HasSubstr("\n# torchtext: 0.99.0 goes with torch 2.99.0, but no build of it is kept here\n"));
    const auto known = *constraints_text(newer_pages(), machine, "1.9.0");
    EXPECT_THAT(known, HasSubstr("\ntorchvision==0.10.0\n"));
    EXPECT_THAT(known, Not(HasSubstr("METADATA")));
}

TEST(Explain, NamesTheChosenAndEachFileOfTheMachine) {
    auto page = page_of({verdict("torch", "1.9.0+cu102", Fate::kept, "runs"),
                         verdict("torch", "1.9.0+cu111", Fate::yanked, "needs more"),
                         verdict("torch", "1.10.0", Fate::hidden, "a <b>")});
    page.verdicts.push_back(verdict("torch", "1.9.0", Fate::hidden, "elsewhere"));
    page.verdicts.back().fits = false;
    const auto machine = match("driver441.22-quadro_k620-cp38-win_amd64");
    EXPECT_EQ(explain_text("torch", page, machine),
              "torch for driver441.22-sm50-cp38-win_amd64\n"
              "A client takes torch 1.9.0+cu102: runs.\n"
              "\n1.10.0\n"
              "  hidden  cu102     torch-1.10.0-cp38-cp38-win_amd64.whl: a <b>\n"
              "\n1.9.0\n"
              "  kept    cu102     torch-1.9.0+cu102-cp38-cp38-win_amd64.whl: runs\n"
              "  yanked  cu102     torch-1.9.0+cu111-cp38-cp38-win_amd64.whl: needs more\n"
              "\n1 files are for other Pythons or platforms.\n");
    const auto json = explain_json("torch", page, machine);
    EXPECT_EQ(json.at("chosen").as_string(), "1.9.0+cu102");
    EXPECT_EQ(json.at("files").as_array().size(), 4u);
    EXPECT_EQ(json.at("files").at(1).at("fate").as_string(), "yanked");
    EXPECT_TRUE(explain_json("torch", page_of({}), machine).at("chosen").is_null());
    EXPECT_THAT(explain_text("six", page_of({}), machine), HasSubstr("not matched"));
}

} // namespace
} // namespace yizhan
