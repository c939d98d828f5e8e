#include "proxy/relay/health/faults.hpp"
#include "tests/unit/proxy/relay_health/health_fixture.hpp"

#include <set>

namespace yizhan {
namespace {

std::vector<Symptom> all_symptoms() {
    std::vector<Symptom> out;
    for (std::size_t i = 0; i < symptom_count; ++i)
        out.push_back(static_cast<Symptom>(i));
    return out;
}

TEST(Faults, AnObjectsFactIsNobodysFault) {
    for (const auto symptom : {Symptom::lacks, Symptom::wrong_size, Symptom::forbidden, Symptom::block_page}) {
        const auto& effects = effects_of(symptom);
        EXPECT_EQ(effects.blame, Blame::object) << name(symptom);
        EXPECT_FALSE(effects.costs_score) << name(symptom);
        EXPECT_EQ(effects.cap, Effects::Cap::none) << name(symptom);
        EXPECT_TRUE(effects.lacks_object) << name(symptom);
        EXPECT_TRUE(effects.breaker == Effects::Breaker::none || effects.breaker == Effects::Breaker::passes);
    }
}

TEST(Faults, AMirrorsFaultCostsScoreAndSaysNothingAboutTheObject) {
    for (const auto symptom : all_symptoms())
        if (const auto& effects = effects_of(symptom); effects.blame == Blame::mirror) {
            EXPECT_TRUE(effects.costs_score) << name(symptom);
            EXPECT_FALSE(effects.lacks_object) << name(symptom);
            EXPECT_EQ(effects.breaker, symptom == Symptom::slow ? Effects::Breaker::none : Effects::Breaker::fault)
                << name(symptom);
        }
}

TEST(Faults, OnlyOverloadCutsTheCap) {
    using Cap = Effects::Cap;
    for (const auto symptom : all_symptoms()) {
        const auto expected = symptom == Symptom::too_many || symptom == Symptom::busy ? Cap::halve
                              : symptom == Symptom::reset                              ? Cap::halve_if_others_flow
                                                                                       : Cap::none;
        EXPECT_EQ(effects_of(symptom).cap, expected) << name(symptom);
    }
}

TEST(Faults, PolicyAndIntegrityHaveTheirOwnBreakers) {
    EXPECT_EQ(effects_of(Symptom::too_many).breaker, Effects::Breaker::busy);
    EXPECT_EQ(effects_of(Symptom::foreign_page).breaker, Effects::Breaker::foreign_page);
    EXPECT_EQ(effects_of(Symptom::wrong_bytes).blame, Blame::integrity);
    for (const auto symptom : all_symptoms())
        EXPECT_EQ(effects_of(symptom).lied, symptom == Symptom::wrong_bytes) << name(symptom);
}

TEST(Faults, EachHasAName) {
    std::set<std::string_view> names;
    for (const auto symptom : all_symptoms())
        names.insert(name(symptom));
    EXPECT_EQ(names.size(), symptom_count);
    EXPECT_FALSE(names.contains(""));
}

TEST(Faults, AStatusIsASymptom) {
    struct Case {
        unsigned status;
        bool html;
        std::optional<Symptom> symptom;
    };
    const Case cases[] = {
        {200, true, {}},
        {206, false, {}},
        {302, true, {}},
        {400, false, Symptom::protocol},
        {401, false, Symptom::forbidden},
        {403, false, Symptom::forbidden},
        {403, true, Symptom::block_page},
        {404, true, Symptom::lacks},
        {405, true, Symptom::protocol},
        {410, false, Symptom::lacks},
        {416, false, Symptom::protocol},
        {429, true, Symptom::too_many},
        {451, false, Symptom::lacks},
        {500, true, Symptom::server_error},
        {502, false, Symptom::server_error},
        {503, false, Symptom::busy},
        {504, false, Symptom::server_error},
        {599, false, Symptom::server_error},
        {600, false, Symptom::protocol},
    };
    for (const auto& c : cases)
        EXPECT_EQ(symptom_of_status(c.status, c.html), c.symptom) << c.status;
}

} // namespace
} // namespace yizhan
