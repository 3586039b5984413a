// Damage and power cuts: every byte of a small index flipped, every operation of a flush, a merge
// and a collection struck. The answer is right or an error, and nothing durable is lost.
#include "index_world.hpp"

namespace varve::test {
namespace {

constexpr const char *kFile = "/disk/index/i-1.vidx";
constexpr const char *kManifest = "/disk/index/MANIFEST";

void intern_all(IndexWorld &world, const Model &model) {
    for (const auto &[id, key] : model) {
        const auto given = world.intern(key);
        ASSERT_TRUE(given.ok());
        ASSERT_EQ(*given, id);
    }
}

Model random_model(std::mt19937_64 &random, uint32_t size) {
    Model model;
    std::set<std::string> seen;
    while (model.size() < size) {
        const std::string key = random_key(random);
        if (seen.insert(key).second) model[static_cast<uint32_t>(model.size())] = key;
    }
    return model;
}

// Every answer of the index is the model's or data_loss. True when all were right.
bool check_answers(IndexWorld &world, const Model &model, std::mt19937_64 &random) {
    bool all_right = true;
    const auto right = [&](const Status &status) {
        if (status.ok()) return true;
        EXPECT_EQ(status.code(), Code::data_loss) << status.text();
        all_right = false;
        return false;
    };
    strata::KeyCursor keys(world.index());
    std::string text;
    for (const auto &[id, key] : model) {
        if (right(keys.key_of(id, text))) {
            EXPECT_EQ(text, key);
        }
        const auto given = world.intern(key);
        if (right(given.status())) {
            EXPECT_EQ(*given, id);
        }
    }
    for (int i = 0; i < 6; ++i) {
        auto tree = random_predicate(random);
        const auto found = world.index().select(i % 2 == 0 ? "" : "cpu", tree->ready());
        if (!right(found.status())) continue;
        EXPECT_EQ(to_set(*found), model_select(model, i % 2 == 0 ? "" : "cpu", tree->ready()));
    }
    const strata::Bitmap all = strata::Bitmap::from_range(0, model.size());
    auto request = schema_request();
    request.tag = str("host");
    std::set<std::string> hosts;
    for (const auto &[id, key] : model) {
        series_key::Parts parts;
        EXPECT_TRUE(series_key::split(key, parts).ok());
        if (!parts.tag("host").empty()) hosts.emplace(parts.tag("host"));
    }
    Listed listed;
    if (right(world.index().list_tag_values(all, request, listed.sink()))) {
        EXPECT_EQ(listed.texts, std::vector<std::string>(hosts.begin(), hosts.end()));
    }
    return all_right;
}

TEST(SeriesIndexDamage, EveryFlippedByteIsNoticedOrHarmless) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const Model model = random_model(random, 70);
    IndexWorld world(seed);
    ASSERT_TRUE(world.reopen().ok());
    intern_all(world, model);
    ASSERT_TRUE(world.index().flush().ok());
    const std::string sound = world.env().content(kFile);
    const std::string manifest = world.env().content(kManifest);
    uint64_t noticed = 0;
    for (size_t at = 0; at < sound.size() && !HasFailure(); ++at) {
        // Pages are mostly zeros at their ends; every byte of content, some of the rest.
        if (sound[at] == 0 && at % 61 != 0) continue;
        world.env().put(kManifest, manifest);
        world.env().put(kFile, sound);
        world.env().flip(kFile, at, static_cast<uint8_t>(1 << random() % 8));
        ASSERT_TRUE(world.reopen().ok());
        if (!world.damaged().empty()) {
            EXPECT_EQ(world.damaged().front().path, kFile);
            ++noticed;
            continue;
        }
        EXPECT_EQ(world.index().verify().code(), Code::data_loss) << "byte " << at;
        check_answers(world, model, random);
        ++noticed;
    }
    EXPECT_GT(noticed, 1000u);
}

TEST(SeriesIndexDamage, DamagedFilesAreLeftOutAndRestored) {
    std::mt19937_64 random(7);
    Model model = random_model(random, 100);
    IndexWorld world(7);
    ASSERT_TRUE(world.reopen().ok());
    intern_all(world, model);
    ASSERT_TRUE(world.index().flush().ok());
    ASSERT_TRUE(world.intern("later").ok());
    ASSERT_TRUE(world.index().flush().ok());
    world.env().flip(kFile, 100, 1);
    ASSERT_TRUE(world.reopen().ok());
    ASSERT_EQ(world.damaged().size(), 1u);
    EXPECT_EQ(world.damaged().front().path, kFile);
    EXPECT_EQ(world.index().id_end(), 101u);
    std::vector<uint32_t> order;
    for (const auto &[id, key] : model) order.push_back(id);
    std::shuffle(order.begin(), order.end(), random);
    for (const uint32_t id : order) ASSERT_TRUE(world.index().restore(id, model.at(id)).ok());
    model[100] = "later";
    EXPECT_TRUE(check_answers(world, model, random));
    ASSERT_TRUE(world.index().flush().ok());
    ASSERT_TRUE(world.index().merge(true).ok());
    ASSERT_TRUE(world.reopen().ok());
    EXPECT_TRUE(world.damaged().empty());
    EXPECT_EQ(world.find("later"), 100u);
    EXPECT_EQ(world.index().statistics().file_count, 1u);
}

TEST(SeriesIndexDamage, NewerFilesAreRefusedAndStay) {
    IndexWorld world(11);
    ASSERT_TRUE(world.reopen().ok());
    ASSERT_TRUE(world.intern("m,a=1").ok());
    ASSERT_TRUE(world.index().flush().ok());
    std::string newer = world.env().content(kFile);
    strata::IndexHeader header;
    newer[4] = 2;
    std::memcpy(static_cast<void *>(&header), newer.data(), sizeof header);
    const size_t sum_at = strata::kIndexPageSize - 8;
    const uint64_t sum = strata::page_sum(newer.substr(0, sum_at), header.uuid.seed(), 0);
    std::memcpy(newer.data() + sum_at, &sum, sizeof sum);
    world.env().put(kFile, newer);
    EXPECT_EQ(world.reopen().code(), Code::unsupported);
    EXPECT_TRUE(world.damaged().empty());
    EXPECT_TRUE(world.env().content(kFile) == newer);
}

TEST(SeriesIndexDamage, ManifestLost) {
    std::mt19937_64 random(8);
    const Model model = random_model(random, 50);
    for (const bool missing : {false, true}) {
        IndexWorld world(8);
        ASSERT_TRUE(world.reopen().ok());
        intern_all(world, model);
        ASSERT_TRUE(world.index().flush().ok());
        if (missing) {
            ASSERT_TRUE(world.env().remove(kManifest).ok());
        } else {
            world.env().flip(kManifest, 20, 4);
        }
        ASSERT_TRUE(world.reopen().ok());
        ASSERT_EQ(world.damaged().size(), 1u);
        EXPECT_EQ(world.damaged().front().path, kManifest);
        for (const auto &[id, key] : model) EXPECT_EQ(world.find(key), id);
        ASSERT_TRUE(world.reopen().ok());
        EXPECT_TRUE(world.damaged().empty());
    }
}

TEST(SeriesIndexDamage, AbandonedFileIsForgotten) {
    IndexWorld world(9);
    ASSERT_TRUE(world.reopen().ok());
    ASSERT_TRUE(world.intern("m,a=1").ok());
    ASSERT_TRUE(world.index().flush().ok());
    ASSERT_EQ(world.find("m,a=1"), 0u);
    ASSERT_TRUE(world.index().abandon(kFile).ok());
    EXPECT_EQ(world.find("m,a=1"), strata::kNoSeries);
    EXPECT_TRUE(world.index().restore(0, "m,a=1").ok());
    ASSERT_TRUE(world.reopen().ok());
    EXPECT_EQ(world.index().statistics().file_count, 0u);
    EXPECT_TRUE(world.index().incomplete()) << "until its ids are flushed, also after a restart";
    ASSERT_TRUE(world.index().mark_complete().ok());
    ASSERT_TRUE(world.reopen().ok());
    EXPECT_FALSE(world.index().incomplete());
    EXPECT_EQ(world.env().files(), std::vector<std::string>{kManifest});
}

TEST(SeriesIndexDamage, OtherHashSeedStillFinds) {
    IndexWorld world(10);
    ASSERT_TRUE(world.reopen().ok());
    ASSERT_TRUE(world.intern("m,a=1").ok());
    ASSERT_TRUE(world.index().flush().ok());
    FakeHost host(world.env(), "/disk");
    strata::SeriesIndex other(strata::Files(host.host()), "/disk/index", 99);
    std::vector<strata::SeriesIndex::Damage> damaged;
    ASSERT_TRUE(other.open(damaged).ok());
    EXPECT_EQ(other.find("m,a=1", series_key::hashes("m,a=1", 99)), 0u);
}

// A life of the index with a fault at one operation; afterwards everything that was durable is
// there, under its id. Returns how many operations that life had.
uint64_t run_with_fault(uint64_t seed, uint64_t operation, Fault fault) {
    std::mt19937_64 random(seed);
    const Model model = random_model(random, 60);
    IndexWorld world(seed + operation);
    EXPECT_TRUE(world.reopen().ok());
    Model durable;
    const uint64_t before = world.env().operations();
    if (fault != Fault::none) world.env().fail_at(operation, fault);
    for (uint32_t part = 0; part < 3; ++part) {
        for (uint32_t id = part * 20; id < (part + 1) * 20; ++id) {
            EXPECT_EQ(*world.intern(model.at(id)), id);
        }
        if (world.index().flush().ok()) {
            for (uint32_t id = 0; id < (part + 1) * 20; ++id) durable[id] = model.at(id);
        }
    }
    (void)world.index().merge(true);
    world.index().begin_collect();
    strata::Bitmap keep = strata::Bitmap::from_range(10, 60);
    (void)world.index().collect(keep);
    const uint64_t operations = world.env().operations() - before;
    // What was acknowledged to nobody may be gone, what was kept may not.
    for (uint32_t id = 0; id < 10; ++id) durable.erase(id);
    if (fault != Fault::power) {
        for (uint32_t id = 10; id < 60; ++id) EXPECT_EQ(world.find(model.at(id)), id);
    }
    world.env().reboot();
    EXPECT_TRUE(world.reopen().ok());
    EXPECT_TRUE(world.damaged().empty())
        << world.damaged().front().path << world.damaged().front().reason;
    EXPECT_TRUE(world.index().verify().ok());
    for (const auto &[id, key] : durable) EXPECT_EQ(world.find(key), id);
    for (const auto &[id, key] : model) {
        const uint32_t found = world.find(key);
        if (found != strata::kNoSeries) {
            EXPECT_EQ(found, id);
        }
    }
    return operations;
}

TEST(SeriesIndexDamage, FaultsAtEveryOperation) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    const uint64_t operations = run_with_fault(seed, 0, Fault::none);
    ASSERT_GT(operations, 20u);
    for (const Fault fault :
         {Fault::power, Fault::io_error, Fault::no_space, Fault::short_write, Fault::sync_fails}) {
        for (uint64_t operation = 1; operation <= operations && !HasFailure(); ++operation) {
            SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at " +
                         std::to_string(operation));
            run_with_fault(seed, operation, fault);
        }
    }
}

}  // namespace
}  // namespace varve::test
