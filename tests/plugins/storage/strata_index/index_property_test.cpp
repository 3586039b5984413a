// The index against a map: random interning, flushing, merging, forgetting, collecting, restarting.
#include <algorithm>

#include "index_world.hpp"

namespace varve::test {
namespace {

class Workload {
  public:
    explicit Workload(uint64_t seed) : random_(seed), world_(seed) {
        options_.merge_files_min = 2 + random_() % 3;
        options_.cache_series_max = 1 + random_() % 400;
        EXPECT_TRUE(world_.reopen(options_).ok());
    }

    void run(int steps) {
        for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
            step();
            if (i % 10 == 0) check();
        }
        check();
    }

  private:
    void step() {
        switch (random_() % 12) {
            case 0:
                EXPECT_TRUE(world_.index().flush().ok());
                break;
            case 1:
                EXPECT_TRUE(world_.index().merge(random_() % 3 == 0).ok());
                break;
            case 2:
                forget();
                break;
            case 3:
                collect();
                break;
            case 4:
                restart();
                break;
            case 5:
                world_.index().drop_caches();
                break;
            default:
                for (int i = 0; i < 30; ++i) intern();
        }
    }

    void intern() {
        const std::string key = random_key(random_);
        const auto known = ids_.find(key);
        const uint32_t before = world_.find(key);
        EXPECT_EQ(before, known == ids_.end() ? strata::kNoSeries : known->second);
        const auto id = world_.intern(key);
        ASSERT_TRUE(id.ok()) << id.status().text();
        if (known == ids_.end()) {
            EXPECT_TRUE(given_.insert(*id).second) << "an id was given twice";
            ids_[key] = *id;
            keys_[*id] = key;
        } else {
            EXPECT_EQ(*id, known->second);
        }
        if (random_() % 2 == 0) {
            world_.index().revive(*id);
            live_.insert(*id);
        }
    }

    void forget() {
        strata::Bitmap gone;
        for (const uint32_t id : live_) {
            if (random_() % 3 == 0) gone.add(id);
        }
        world_.index().forget(gone);
        gone.for_each([&](uint32_t id) { live_.erase(id); });
    }

    void collect() {
        world_.index().begin_collect();
        strata::Bitmap keep;
        for (const auto &[id, key] : keys_) {
            if (random_() % 2 == 0) keep.add(id);
        }
        std::set<uint32_t> found;
        if (!keys_.empty() && random_() % 2 == 0) {
            found.insert(world_.find(keys_.begin()->second));
        }
        std::vector<uint32_t> gone;
        for (const auto &[id, key] : keys_) {
            const bool stays = keep.contains(id) || live_.contains(id) || found.contains(id) ||
                               world_.index().in_head(id);
            if (!stays) gone.push_back(id);
        }
        ASSERT_TRUE(world_.index().collect(keep).ok());
        for (const uint32_t id : gone) {
            ids_.erase(keys_[id]);
            keys_.erase(id);
        }
    }

    // The engine's part: what was in the head comes back from the log, what is live from segments.
    void restart() {
        std::vector<uint32_t> in_head;
        for (const auto &[id, key] : keys_) {
            if (world_.index().in_head(id)) in_head.push_back(id);
        }
        const uint32_t end = world_.index().id_end();
        if (random_() % 2 == 0) std::shuffle(in_head.begin(), in_head.end(), random_);
        ASSERT_TRUE(world_.reopen(options_).ok());
        EXPECT_TRUE(world_.damaged().empty());
        for (const uint32_t id : in_head) {
            ASSERT_TRUE(world_.index().restore(id, keys_[id]).ok());
        }
        world_.index().reserve_ids(end);
        EXPECT_EQ(world_.index().id_end(), end);
        for (const uint32_t id : live_) world_.index().revive(id);
    }

    void check() {
        EXPECT_EQ(world_.index().live_count(), live_.size());
        std::string key;
        strata::KeyCursor cursor(world_.index());
        for (const auto &[id, wanted] : keys_) {
            ASSERT_TRUE(cursor.key_of(id, key).ok());
            EXPECT_EQ(key, wanted);
            ASSERT_TRUE(world_.index().restore(id, wanted).ok());
        }
        for (int i = 0; i < 8; ++i) {
            auto tree = random_predicate(random_);
            const std::string_view measurement = i % 2 == 0 ? "" : "cpu";
            const auto found = world_.index().select(measurement, tree->ready());
            ASSERT_TRUE(found.ok()) << found.status().text();
            EXPECT_EQ(to_set(*found), model_select(keys_, measurement, tree->ready()))
                << "op " << tree->node.op << " " << tree->tag << " " << tree->value;
        }
        check_counts();
        check_listings();
        EXPECT_TRUE(world_.index().verify().ok());
    }

    // measurement -> tag -> values, of the series in `among`.
    using Schema = std::map<std::string, std::map<std::string, std::set<std::string>>>;
    template <typename Ids>
    Schema schema_of(const Ids &among) const {
        Schema schema;
        for (const uint32_t id : among) {
            series_key::Parts parts;
            EXPECT_TRUE(series_key::split(keys_.at(id), parts).ok());
            auto &tags = schema[std::string(parts.measurement)];
            for (const auto &tag : parts.tags) {
                tags[std::string(tag.key)].insert(std::string(tag.value));
            }
        }
        return schema;
    }

    void check_counts() {
        const Schema schema = schema_of(live_);
        for (const char *measurement : {"cpu", "net", "none"}) {
            for (const char *tag : {"arch", "host", "zone=x"}) {
                std::set<std::string> values;
                const auto tags = schema.find(measurement);
                if (tags != schema.end() && tags->second.contains(tag)) {
                    values = tags->second.at(tag);
                }
                EXPECT_EQ(world_.index().tag_value_count(measurement, tag), values.size());
                EXPECT_EQ(world_.index().has_tag_value(measurement, tag, "host-3"),
                          values.contains("host-3"));
            }
        }
    }

    void check_listings() {
        std::set<uint32_t> among;
        for (const auto &[id, key] : keys_) {
            if (random_() % 4 == 0) among.insert(id);
        }
        strata::Bitmap ids;
        for (const uint32_t id : among) ids.add(id);
        const Schema schema = schema_of(among);
        auto request = schema_request();
        const bool all = random_() % 2 == 0;
        if (!all) request.measurement = str("cpu");
        request.tag = str("host");
        std::set<std::string> wanted[4];
        for (const auto &[measurement, tags] : schema) {
            if (!all && measurement != "cpu") continue;
            wanted[0].insert(measurement);
            for (const auto &[tag, values] : tags) {
                wanted[1].insert(tag);
                if (tag == "host") wanted[2].insert(values.begin(), values.end());
            }
        }
        for (const uint32_t id : among) {
            series_key::Parts parts;
            EXPECT_TRUE(series_key::split(keys_[id], parts).ok());
            if (all || parts.measurement == "cpu") wanted[3].insert(keys_[id]);
        }
        const auto list = [&](int kind, Listed &out) {
            const strata::SeriesIndex &index = world_.index();
            if (kind == 0) return index.list_measurements(ids, request, out.sink());
            if (kind == 1) return index.list_tag_keys(ids, request, out.sink());
            if (kind == 2) return index.list_tag_values(ids, request, out.sink());
            return index.list_series(ids, request, out.sink());
        };
        for (int kind = 0; kind < 4; ++kind) {
            // In one piece, and in pieces of three.
            request.after = {};
            request.limit = 0;
            Listed whole;
            EXPECT_TRUE(list(kind, whole).ok());
            const std::vector<std::string> texts(wanted[kind].begin(), wanted[kind].end());
            EXPECT_EQ(whole.texts, texts) << "kind " << kind;
            request.limit = 3;
            Listed pieces;
            for (size_t before = 1; before != pieces.texts.size();) {
                before = pieces.texts.size();
                const std::string after = before == 0 ? "" : pieces.texts.back();
                request.after = str(after);
                EXPECT_TRUE(list(kind, pieces).ok());
            }
            EXPECT_EQ(pieces.texts, texts) << "kind " << kind;
        }
    }

    std::mt19937_64 random_;
    IndexWorld world_;
    strata::IndexOptions options_;
    std::map<std::string, uint32_t> ids_;
    Model keys_;
    std::set<uint32_t> given_;
    std::set<uint32_t> live_;
};

TEST(SeriesIndex, AgreesWithAMap) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    for (uint64_t round = 0; round < 20 && !HasFailure(); ++round) Workload(seed + round).run(80);
}

TEST(SeriesIndex, SaysWhatItRefuses) {
    IndexWorld world(1);
    ASSERT_TRUE(world.reopen().ok());
    for (const char *key : {"", "m,b=1,a=1", "m,a=", "m,a", "m n", "m\\", "m,a=1,a=1"}) {
        EXPECT_EQ(world.intern(key).code(), Code::invalid_argument) << key;
    }
    ASSERT_TRUE(world.intern("m,a=1").ok());
    EXPECT_EQ(world.index().restore(0, "m,a=2").code(), Code::data_loss);
    EXPECT_EQ(world.index().restore(1, "m,a=1").code(), Code::data_loss);
    EXPECT_EQ(world.index().collect({}).code(), Code::failed_precondition);
    std::string key;
    EXPECT_EQ(world.index().key_of(7, key).code(), Code::not_found);
    const varve_series_predicate broken{VARVE_SERIES_MATCH, 0, str("a"), str("("), nullptr};
    EXPECT_EQ(world.index().select("", &broken).code(), Code::invalid_argument);
    EXPECT_EQ(world.index().abandon("/disk/index/i-9.vidx").code(), Code::not_found);
}

}  // namespace
}  // namespace varve::test
