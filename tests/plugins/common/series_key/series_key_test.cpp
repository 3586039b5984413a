// Series keys: escapes, order, what is refused, and that splitting undoes building.
#include "common/series_key.hpp"

#include <random>

#include <gtest/gtest.h>

#include <varve/batch.h>

namespace varve::series_key {
namespace {

std::string built(std::string_view measurement, std::vector<Tag> tags) {
    std::string out;
    const Status status = append(measurement, tags, out);
    return status.ok() ? out : "error: " + status.text();
}

TEST(SeriesKey, EscapesAndSorts) {
    EXPECT_EQ(built("cpu", {}), "cpu");
    EXPECT_EQ(built("cpu", {{"host", "a"}, {"dc", "eu west"}}), "cpu,dc=eu\\ west,host=a");
    EXPECT_EQ(built("a,b c=d", {{"k,=", "v= ,"}}), "a\\,b\\ c=d,k\\,\\==v\\=\\ \\,");
    EXPECT_EQ(built("m", {{"b", "1"}, {"B", "2"}, {"\xc3\xa4", "3"}}), "m,B=2,b=1,\xc3\xa4=3");
    EXPECT_EQ(built("m", {{"a", ""}, {"b", "1"}}), "m,b=1");
    EXPECT_EQ(built("m", {{"a", "x\\y"}}), "m,a=x\\y");
}

TEST(SeriesKey, Refuses) {
    EXPECT_EQ(built("", {}), "error: a measurement or tag key is empty");
    EXPECT_EQ(built("m", {{"", "x"}}), "error: a measurement or tag key is empty");
    EXPECT_EQ(built("m", {{"a", "1"}, {"a", "2"}}), "error: duplicate tags");
    EXPECT_EQ(built("m", {{"a", "x\\"}}), "error: a measurement or tag ends in a backslash");
    const std::string longest(kSizeMax - 4, 'x');
    EXPECT_EQ(built("m", {{"a", longest}}).size(), kSizeMax);
    const std::string longer = longest + "x";
    EXPECT_EQ(built("m", {{"a", longer}}), "error: max key length exceeded: 65536 > 65535");
}

TEST(SeriesKey, CanonicalTextIsRecognised) {
    EXPECT_TRUE(is_canonical("cpu"));
    EXPECT_TRUE(is_canonical("cpu,a=1,b=2"));
    for (const char *text : {"", ",a=1", "cpu,", "cpu,a", "cpu,a=", "cpu,=1", "cpu,b=1,a=1",
                             "cpu,a=1,a=2", "cpu,a=1=2", "c\\,d", "cpu,a=1,,b=2", "c u"}) {
        EXPECT_FALSE(is_canonical(text)) << text;
    }
}

TEST(SeriesKey, SplitRefusesWhatIsNotCanonical) {
    Parts parts;
    for (const char *text : {"", ",a=1", "cpu,", "cpu,a", "cpu,a=", "cpu,=1", "cpu,b=1,a=1", "c u",
                             "cpu,a=1,a=2", "cpu,a=1=2", "cpu,a=1,,b=2", "cpu,a b=1"}) {
        EXPECT_FALSE(split(text, parts).ok()) << text;
        EXPECT_TRUE(parts.measurement.empty() && parts.tags.empty());
    }
}

TEST(SeriesKey, SplitUndoesBuild) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto name = [&] {
        static const std::string alphabet = "ab,= \\\"z\xc3";
        std::string text;
        for (uint64_t i = 0; i <= random() % 6; ++i) text += alphabet[random() % alphabet.size()];
        if (text.back() == '\\') text += 'x';
        return text;
    };
    for (int round = 0; round < 20000; ++round) {
        const std::string measurement = name();
        std::vector<std::pair<std::string, std::string>> names;
        for (uint64_t i = 0; i < random() % 4; ++i) names.emplace_back(name(), name());
        std::sort(names.begin(), names.end());
        names.erase(std::unique(names.begin(), names.end(),
                                [](const auto &a, const auto &b) { return a.first == b.first; }),
                    names.end());
        std::vector<Tag> tags;
        for (const auto &[key, value] : names) tags.push_back({key, value});
        std::shuffle(tags.begin(), tags.end(), random);
        std::string key;
        ASSERT_TRUE(append(measurement, tags, key).ok());
        Parts parts;
        ASSERT_TRUE(split(key, parts).ok()) << key;
        EXPECT_EQ(parts.measurement, measurement) << key;
        std::string unescaped;
        EXPECT_EQ(series_key::measurement(key, unescaped), measurement) << key;
        ASSERT_EQ(parts.tags.size(), names.size()) << key;
        for (size_t i = 0; i < names.size(); ++i) {
            EXPECT_EQ(parts.tags[i].key, names[i].first);
            EXPECT_EQ(parts.tags[i].value, names[i].second);
            EXPECT_EQ(parts.tag(names[i].first), names[i].second);
        }
        const bool plain = key.find('\\') == std::string::npos;
        EXPECT_EQ(is_canonical(key), plain) << key;
    }
}

TEST(SeriesKey, HashIsXxh3WithSeed) {
    EXPECT_EQ(hash("", 0), 0x2D06800538D394C2u);
    EXPECT_NE(hash("cpu", 1), hash("cpu", 2));
    EXPECT_EQ(check("cpu", 1), hash("cpu", 1 ^ VARVE_KEY_CHECK_SEED));
    EXPECT_EQ(hashes("cpu", 1).hash, hash("cpu", 1));
    EXPECT_EQ(hashes("cpu", 1).check, check("cpu", 1));
}

}  // namespace
}  // namespace varve::series_key
