// What the tests of the series index share: a random world of keys and predicates, an index on a
// disk in memory, and the answers it must give, worked out one series at a time.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <varve/cpp/bytes.hpp>

#include "common/series_key.hpp"
#include "storage/common/predicate.hpp"
#include "storage/strata/index/series_index.hpp"
#include "support/fake_host.hpp"
#include "support/sim_env.hpp"

namespace varve::test {

inline constexpr uint64_t kIndexSeed = 0x5eed;

inline std::string random_key(std::mt19937_64 &random) {
    static const char *measurements[] = {"cpu", "m e,m", "net"};
    static const char *tags[] = {"arch", "host", "region", "zone=x"};
    std::vector<std::string> values;
    std::vector<series_key::Tag> pairs;
    values.reserve(4);
    for (const char *tag : tags) {
        if (random() % 4 == 0) continue;
        const char *prefix = random() % 8 == 0 ? "h,=\xc3\xa4 " : "host-";
        const uint64_t range = tag[0] == 'h' ? 60 : 5;
        values.push_back(prefix + std::to_string(random() % range));
        pairs.push_back({tag, values.back()});
    }
    std::string key;
    EXPECT_TRUE(series_key::append(measurements[random() % 3], pairs, key).ok());
    return key;
}

// A tree that owns its nodes and texts.
struct PredicateTree {
    varve_series_predicate node{};
    std::string tag;
    std::string value;
    std::vector<std::unique_ptr<PredicateTree>> children;
    std::vector<const varve_series_predicate *> pointers;

    const varve_series_predicate *ready() {
        node.tag = str(tag);
        node.value = str(value);
        pointers.clear();
        for (const auto &child : children) pointers.push_back(child->ready());
        node.child_count = static_cast<uint32_t>(pointers.size());
        node.children = pointers.data();
        return &node;
    }
};

inline std::unique_ptr<PredicateTree> random_predicate(std::mt19937_64 &random, int depth = 0) {
    static const char *patterns[] = {"^host-1$",
                                     "^(host-1|host-2|host-33)$",
                                     "^host-1",
                                     "1",
                                     "host-[12]$",
                                     ".*",
                                     "^$",
                                     "^host-1?",
                                     "^(?:host-4)$",
                                     "^host|^h,",
                                     "\xc3\xa4",
                                     "^host-\\d\\d$",
                                     "",
                                     "^host\\-3",
                                     "(?i)HOST-2"};
    static const char *tags[] = {"arch", "host", "region", "zone=x", "absent"};
    auto tree = std::make_unique<PredicateTree>();
    const uint64_t kind = random() % (depth < 3 ? 10 : 6);
    tree->tag = tags[random() % 5];
    if (kind < 3) {
        tree->node.op = random() % 2 == 0 ? VARVE_SERIES_EQ : VARVE_SERIES_NE;
        if (random() % 4 != 0) tree->value = "host-" + std::to_string(random() % 8);
    } else if (kind < 6) {
        tree->node.op = random() % 2 == 0 ? VARVE_SERIES_MATCH : VARVE_SERIES_NOMATCH;
        tree->value = patterns[random() % std::size(patterns)];
    } else if (kind == 6) {
        tree->node.op = random() % 2 == 0 ? VARVE_SERIES_ALL : VARVE_SERIES_NONE;
    } else {
        tree->node.op = random() % 2 == 0 ? VARVE_SERIES_AND : VARVE_SERIES_OR;
        for (uint64_t i = random() % 4; i > 0; --i) {
            tree->children.push_back(random_predicate(random, depth + 1));
        }
    }
    return tree;
}

using Model = std::map<uint32_t, std::string>;  // id -> key

inline std::set<uint32_t> model_select(const Model &model, std::string_view measurement,
                                       const varve_series_predicate *tree) {
    auto predicate = storage::Predicate::compile(tree);
    EXPECT_TRUE(predicate.ok());
    std::set<uint32_t> found;
    for (const auto &[id, key] : model) {
        series_key::Parts parts;
        EXPECT_TRUE(series_key::split(key, parts).ok());
        if (!measurement.empty() && parts.measurement != measurement) continue;
        if (predicate->matches(parts)) found.insert(id);
    }
    return found;
}

inline std::set<uint32_t> to_set(const strata::Bitmap &bitmap) {
    std::set<uint32_t> found;
    bitmap.for_each([&](uint32_t id) { found.insert(id); });
    return found;
}

// Gathers what a listing says.
struct Listed {
    std::vector<std::string> texts;
    varve_schema_sink sink() {
        return {this, [](void *ctx, varve_str text, uint32_t) {
                    static_cast<Listed *>(ctx)->texts.emplace_back(view(text));
                    return int32_t{VARVE_OK};
                }};
    }
};

inline varve_schema_request schema_request() {
    varve_schema_request request{};
    request.struct_size = sizeof request;
    return request;
}

// An index on a disk that can fail.
class IndexWorld {
  public:
    explicit IndexWorld(uint64_t seed) : env_(seed), host_(env_, "/disk") {}

    SimEnv &env() { return env_; }
    strata::SeriesIndex &index() { return *index_; }
    Status reopen(strata::IndexOptions options = {}) {
        index_ = std::make_unique<strata::SeriesIndex>(strata::Files(host_.host()), "/disk/index",
                                                       kIndexSeed, options);
        damaged_.clear();
        return index_->open(damaged_);
    }
    const std::vector<strata::SeriesIndex::Damage> &damaged() const { return damaged_; }
    static series_key::Hashes hash(std::string_view key) {
        return series_key::hashes(key, kIndexSeed);
    }
    uint32_t find(std::string_view key) { return index_->find(key, hash(key)); }
    Result<uint32_t> intern(std::string_view key) { return index_->intern(key, hash(key)); }

  private:
    SimEnv env_;
    FakeHost host_;
    std::unique_ptr<strata::SeriesIndex> index_;
    std::vector<strata::SeriesIndex::Damage> damaged_;
};

}  // namespace varve::test
