// Lines, values, timestamps, and batches made of many reads.
#include "common/graphite_text/graphite_text.hpp"

#include <gtest/gtest.h>

#include <random>

#include "plugins/common/graphite_text/dump.hpp"

namespace varve {
namespace {

using graphite_text::Codec;
using graphite_text::Options;

constexpr int64_t kNow = 1'700'000'000'000'000'000;

std::string parsed(const std::string &text, const Options &options = {}) {
    auto codec = Codec::make(options);
    codec->read(text, kNow);
    return dump_parsed(codec->finish(0));
}

// The only row's time, or what was said instead.
std::string time_of(const std::string &timestamp) {
    const std::string row = parsed("m 1 " + timestamp + "\n");
    return row.starts_with("bad") ? row.substr(row.find("': ") + 3)
                                  : row.substr(row.rfind('|') + 1);
}

std::string reason_of(const std::string &line) {
    const std::string text = parsed(line);
    return text.starts_with("bad") ? text.substr(text.find("': ") + 3) : "accepted: " + text;
}

TEST(GraphiteText, ReadsLinesSplitAtAnyWhiteSpace) {
    EXPECT_EQ(parsed("a.b 1 2\r\n\n  c\t3.5 \t 4  \r\nd 1e3 5"),
              "a.b|value=f:1/3ff0000000000000|2000000000\n"
              "c|value=f:3.5/400c000000000000|4000000000\n"
              "d|value=f:1000/408f400000000000|5000000000\n");
}

TEST(GraphiteText, LinesNeedTwoOrThreeFields) {
    EXPECT_EQ(reason_of(" lonely \n"), "received \"lonely\" which doesn't have required fields\n");
    EXPECT_EQ(reason_of("a 1 2 3\n"), "received \"a 1 2 3\" which doesn't have required fields\n");
    EXPECT_EQ(reason_of("a\t\"1\" 2 3\n"),
              "received \"a\\t\\\"1\\\" 2 3\" which doesn't have required fields\n");
}

TEST(GraphiteText, TimestampsAreSecondsWithAFraction) {
    EXPECT_EQ(time_of("1000000000.25"), "1000000000250000000\n");
    EXPECT_EQ(time_of("1000000000.123456789"), "1000000000123456789\n");
    EXPECT_EQ(time_of("1000000000.1234567899"), "1000000000123456789\n");
    EXPECT_EQ(time_of("1e9"), "1000000000000000000\n");
    EXPECT_EQ(time_of("+5"), "5000000000\n");
    EXPECT_EQ(time_of("-5.5"), "-5500000000\n");
    EXPECT_EQ(time_of("0"), "0\n");
    EXPECT_EQ(time_of("-1"), std::to_string(kNow) + "\n");
    EXPECT_EQ(time_of("-1.0"), std::to_string(kNow) + "\n");
    EXPECT_EQ(time_of(""), std::to_string(kNow) + "\n");
    EXPECT_EQ(time_of("-2147558400"), "-2147558400000000000\n");
    EXPECT_EQ(time_of("2147472000"), "2147472000000000000\n");
    for (const char *text : {"5000000000", "-2147558401", "2147472000.5", "nan", "inf", "1e400",
                             "99999999999999999999999999"}) {
        EXPECT_EQ(time_of(text), "timestamp out of range\n") << text;
    }
    EXPECT_EQ(time_of("12x"),
              "field \"m\" time: strconv.ParseFloat: parsing \"12x\": invalid syntax\n");
}

TEST(GraphiteText, ValuesAreFloats) {
    for (const char *text : {"1", "+1", "-0", ".5", "5.", "1E+3", "1e-310", "123456789012345678"}) {
        EXPECT_EQ(parsed("m " + std::string(text) + " 1\n").rfind("m|value=f:", 0), 0u) << text;
    }
    for (const char *text : {"", ".", "e5", "1e", "1e+", "1x", "--1", "1.2.3", "0x", "1_0"}) {
        if (*text == 0) continue;
        EXPECT_EQ(reason_of("m " + std::string(text) + " 1\n"),
                  "field \"m\" value: strconv.ParseFloat: parsing \"" + std::string(text) +
                      "\": invalid syntax\n");
    }
    EXPECT_EQ(reason_of("a.b 1e400 1\n"),
              "field \"a.b\" value: strconv.ParseFloat: parsing \"1e400\": value out of range\n");
    EXPECT_EQ(reason_of("a.b Inf 1\n"), "field \"a.b\" value: \"+Inf\" is unsupported\n");
    EXPECT_EQ(reason_of("a.b -infinity 1\n"), "field \"a.b\" value: \"-Inf\" is unsupported\n");
}

TEST(GraphiteText, NotANumberIsDroppedAndCounted) {
    auto codec = Codec::make({});
    codec->read("a NaN 1\nb nan\nc 1 1\n", kNow);
    EXPECT_EQ(codec->line_count(), 3u);
    graphite_text::Parsed made = codec->finish(0);
    EXPECT_EQ(made.nan_count, 2u);
    EXPECT_EQ(made.bad_rows.count(), 0u);
    ASSERT_NE(made.batch, nullptr);
    EXPECT_EQ(made.batch->row_count, 1u);
    made.batch->release(made.batch);
}

TEST(GraphiteText, LinesWithoutATimestampStayApart) {
    EXPECT_EQ(parsed("m 1\nm 2 -1\n"),
              "m|value=f:1/3ff0000000000000|1700000000000000000\n"
              "m|value=f:2/4000000000000000|1700000000000000001\n");
}

TEST(GraphiteText, NamesAreEscapedInKeys) {
    EXPECT_EQ(parsed("a,b=c 1 1\n"), "a\\,b=c|value=f:1/3ff0000000000000|1000000000\n");
    EXPECT_EQ(reason_of("a\\ 1 1\n"), "a measurement or tag ends in a backslash\n");
}

TEST(GraphiteText, SeveralReadsMakeOneBatch) {
    Options options;
    options.templates = {"host.measurement.field"};
    auto codec = Codec::make(options);
    for (int i = 0; i < 3; ++i) {
        codec->read("a.cpu.user " + std::to_string(i) + " 1\nb.cpu.user 7 1\na.cpu.idle 9 2", 0);
    }
    graphite_text::Parsed made = codec->finish(42);
    ASSERT_NE(made.batch, nullptr);
    EXPECT_EQ(made.batch->producer, 42u);
    ASSERT_EQ(made.batch->table_count, 2u);  // one per field
    EXPECT_EQ(made.batch->tables[0]->key_count, 2u);
    EXPECT_EQ(made.batch->tables[0]->row_count, 6u);
    made.batch->release(made.batch);
    // The next batch uses what the codec remembers.
    codec->read("b.cpu.user 1 1\n", 0);
    EXPECT_EQ(dump_parsed(codec->finish(0)), "cpu,host=b|user=f:1/3ff0000000000000|1000000000\n");
    EXPECT_EQ(codec->finish(0).batch, nullptr);
}

TEST(GraphiteText, PathsThatMeanTheSameSeriesShareItsKey) {
    Options options;
    options.templates = {"host..measurement"};
    auto codec = Codec::make(options);
    codec->read("a.x.m 1 1\na.y.m 2 2\n", 0);
    graphite_text::Parsed made = codec->finish(0);
    ASSERT_EQ(made.batch->table_count, 1u);
    EXPECT_EQ(made.batch->tables[0]->key_count, 1u);
    made.batch->release(made.batch);
}

TEST(GraphiteText, ABatchOutlivesTheCodecAndItsCache) {
    graphite_text::Parsed first;
    {
        Options options;
        options.cache_size_max_bytes = 1;
        auto codec = Codec::make(options);
        codec->read("first.path 1 1\n", 0);
        first = codec->finish(0);
        codec->read("second.path 1 1\nfirst.path 2 2", 0);
        EXPECT_EQ(dump_parsed(codec->finish(0)),
                  "second.path|value=f:1/3ff0000000000000|1000000000\n"
                  "first.path|value=f:2/4000000000000000|2000000000\n");
    }
    EXPECT_EQ(dump_parsed(std::move(first)), "first.path|value=f:1/3ff0000000000000|1000000000\n");
}

TEST(GraphiteText, LongLinesAreRefused) {
    Options options;
    options.line_size_max = 10;
    EXPECT_EQ(parsed("0123456 1\n012345678 1\nb 2 2\n", options),
              "0123456|value=f:1/3ff0000000000000|1700000000000000000\n"
              "b|value=f:2/4000000000000000|2000000000\n"
              "bad '012345678 1': line longer than 10 bytes\n");
}

TEST(GraphiteText, BadLinesBeyondTheListAreCounted) {
    auto codec = Codec::make({});
    std::string text;
    for (int i = 0; i < 1500; ++i) text += "bad\n";
    codec->read(text, 0);
    codec->refuse_long("start of a long line");
    const graphite_text::Parsed made = codec->finish(0);
    EXPECT_EQ(made.bad_rows.listed.size(), BadRows::kListedMax);
    EXPECT_EQ(made.bad_rows.count(), 1501u);
}

// A codec that remembers gives what one that forgets after each batch gives, whatever the order.
TEST(GraphiteText, RememberingChangesNothing) {
    const uint64_t seed = std::random_device()();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    Options options;
    options.templates = {"a.* .host.measurement.field*", "b.*.c zone.host.measurement x=1",
                         "host.measurement*"};
    options.tags = {"dc=1"};
    auto remembering = Codec::make(options);
    options.cache_size_max_bytes = 0;
    auto forgetful = Codec::make(options);
    const std::string_view alphabet = "abc..x;=1 ";
    for (int batch = 0; batch < 200; ++batch) {
        std::string text;
        for (int line = 0; line < 20; ++line) {
            const size_t size = 1 + random() % 8;
            for (size_t i = 0; i < size; ++i) text += alphabet[random() % alphabet.size()];
            text += " " + std::to_string(random() % 10) + " " + std::to_string(line) + "\n";
        }
        remembering->read(text, 0);
        forgetful->read(text, 0);
        ASSERT_EQ(dump_parsed(remembering->finish(0)), dump_parsed(forgetful->finish(0)));
    }
}

}  // namespace
}  // namespace varve
