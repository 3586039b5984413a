#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "common/line_protocol/sender_memories.hpp"
#include "common/series_key.hpp"
#include "plugins/common/line_protocol/dump.hpp"

namespace varve {
namespace {

line_protocol::Options options() {
    line_protocol::Options made;
    made.now_ns = 1'700'000'000'123'456'789;
    made.hash_seed = 42;
    return made;
}

std::string parse(std::string_view body) {
    auto predicted = options();
    auto by_the_book = options();
    by_the_book.predict = false;
    const std::string text = dump_parsed(body, predicted);
    EXPECT_EQ(text, dump_parsed(body, by_the_book)) << body;
    return text;
}

std::string reason(const std::string &line) {
    const std::string text = parse(line);
    const std::string prefix = "unable to parse '" + line + "': ";
    return text.starts_with(prefix) ? text.substr(prefix.size()) : "NOT REFUSED: " + text;
}

TEST(LineProtocol, ReadsEveryType) {
    EXPECT_EQ(
        parse("m,a=b f=1.5,i=-2i,s=\"x,y z\",t=true,e=1e3 10\n"),
        "m,a=b|f=f:1.5/3ff8000000000000,i=i:-2,s=s:x,y z,t=b:1,e=f:1000/408f400000000000|10\n");
}

TEST(LineProtocol, MissingTimeIsNowCutToThePrecision) {
    auto milli = options();
    milli.precision_ns = 1'000'000;
    EXPECT_EQ(dump_parsed("m i=1i", milli), "m|i=i:1|1700000000123000000\n");
    EXPECT_EQ(dump_parsed("m i=1i 5", milli), "m|i=i:1|5000000\n");
}

TEST(LineProtocol, EscapesRoundTrip) {
    EXPECT_EQ(parse("my\\ mea\\,s,ta\\ g\\,k\\=x=va\\ l\\,u\\=e "
                    "fi\\ e\\,l\\=d=\"q\\\"uo\\\\te\\nx\"  1"),
              "my\\ mea\\,s,ta\\ g\\,k\\=x=va\\ l\\,u\\=e|fi e,l=d=s:q\"uo\\te\\nx|1\n");
    EXPECT_EQ(parse("eq=x,t=a\\b i=1i 1"), "eq=x,t=a\\b|i=i:1|1\n");
    EXPECT_EQ(parse("tb\tx i=1i 1"), "tb\tx|i=i:1|1\n");
}

TEST(LineProtocol, SortsTags) {
    EXPECT_EQ(parse("m,b=2,a=1,c=3 i=1i 1"), "m,a=1,b=2,c=3|i=i:1|1\n");
}

TEST(LineProtocol, BlankLinesAndCommentsAreNothing) {
    EXPECT_EQ(parse("\n\n  \t\n# m i=1i 1\n m i=1i 1"), "m|i=i:1|1\n");
    EXPECT_EQ(parse(""), "");
}

TEST(LineProtocol, NewlineInAQuotedValueBelongsToIt) {
    EXPECT_EQ(parse("m s=\"a\nb\" 1\nm s=\"c\" 2"), "m|s=s:a\nb|1\nm|s=s:c|2\n");
}

TEST(LineProtocol, AFieldNamedTwiceTakesTheLast) {
    EXPECT_EQ(parse("m f=1i,f=2i 1"), "m|f=i:2|1\n");
    EXPECT_EQ(reason("m f=1i,f=\"x\" 1"), "field type conflict: \"f\" has two types in one point");
}

TEST(LineProtocol, AFieldNamedTimeIsDroppedBesideOthers) {
    EXPECT_EQ(parse("m time=5i,v=1i 1"), "m|v=i:1|1\n");
    EXPECT_EQ(parse("m time=5i 1"), "m|time=i:5|1\n");  // left to the validator
}

TEST(LineProtocol, InvalidUtf8IsBytes) {
    EXPECT_EQ(parse("m,t=\xff\xfe s=\"\xc3\" 1"), "m,t=\xff\xfe|s=s:\xc3|1\n");
}

TEST(LineProtocol, InfluxDbsWords) {
    const std::pair<const char *, const char *> cases[] = {
        {"m1", "missing fields"},
        {"m1 ", "invalid field format"},
        {",a=1 v=1", "missing measurement"},
        {"m1,a v=1", "missing tag value"},
        {"m1,a= v=1", "missing tag value"},
        {"m1,=b v=1", "missing tag key"},
        {"m1,a=b=c v=1", "invalid tag format"},
        {"m1,a=1,a=2 v=1", "duplicate tags"},
        {"m1,b=1,a=2,b=3 v=1", "duplicate tags"},
        {"m1 =1", "missing field key"},
        {"m1 \t=1", "missing field key"},
        {"m1 v=", "missing field value"},
        {"m1 v=,x=1", "missing field value"},
        {"m1 v=abc", "invalid boolean"},
        {"m1 v=tru", "invalid boolean"},
        {"m1 v=\"abc", "unbalanced quotes"},
        {"m1 v=1.1.1", "invalid number"},
        {"m1 v=1u", "invalid number"},
        {"m1 v=NaN", "invalid number"},
        {"m1 v=-", "invalid number"},
        {"m1 v=1i2", "invalid number"},
        {"m1 v=0x10", "invalid number"},
        {"m1 v=1e400", "invalid float"},
        {"m1 v=1e", "invalid float"},
        {"m1 a=1,b 1", "invalid field format"},
        {"m1 v=1 abc", "bad timestamp"},
        {"m1 v=1 10 20", "point is invalid"},
        {"m1 v=1\r", "invalid number"},
        {"m1 v=1 1\r", "bad timestamp"},
        {"a=b\\ f=1", "missing fields"},
        {"m,a=b\\ f=1", "invalid tag format"},
        {"m v=9223372036854775808i",
         "unable to parse integer 9223372036854775808: strconv.ParseInt: parsing "
         "\"9223372036854775808\": value out of range"},
        {"m s=\"x Ty\"ab=t,5", "invalid value: field-key=5"},
        {"m v=1 9223372036854775807",
         "time outside range -9223372036854775806 - 9223372036854775806"},
        {"m v=1 92233720368547758070",
         "strconv.ParseInt: parsing \"92233720368547758070\": value out of range"},
    };
    for (const auto &[line, expected] : cases) EXPECT_EQ(reason(line), expected) << line;
}

TEST(LineProtocol, KeysAreBounded) {
    const std::string long_tag(70'000, 'x');
    EXPECT_EQ(parse("m,t=" + long_tag + " v=1i 1").rfind("max key length exceeded: 70004 > 65535"),
              parse("m,t=" + long_tag + " v=1i 1").size() - 38);
    const std::string just(65'535 - 4 - 1 - 4, 'x');  // m,t= · separator · v
    EXPECT_EQ(reason("m,t=" + just + "x v=1i 1"), "max key length exceeded: 65536 > 65535");
    EXPECT_EQ(parse("m,t=" + just + " v=1i 1"), "m,t=" + just + "|v=i:1|1\n");
}

TEST(LineProtocol, GoesOnBehindABadLine) {
    EXPECT_EQ(parse("m i=1i 1\nbad\nm i=2i 2"),
              "m|i=i:1|1\nm|i=i:2|2\nunable to parse 'bad': missing fields");
}

TEST(LineProtocol, UnsignedWhenEnabled) {
    auto enabled = options();
    enabled.unsigned_enabled = true;
    EXPECT_EQ(dump_parsed("m u=18446744073709551615u 1", enabled),
              "m|u=u:18446744073709551615|1\n");
    EXPECT_EQ(dump_parsed("m u=-1u 1", enabled), "unable to parse 'm u=-1u 1': invalid number");
}

TEST(LineProtocol, KeepsTheTextsOfTheFirstBadLinesOnly) {
    std::string body;
    for (size_t i = 0; i < line_protocol::kBadLinesMax + 5; ++i) body += "x\n";
    auto parsed = line_protocol::parse(body, options());
    EXPECT_EQ(parsed.bad_line_count, line_protocol::kBadLinesMax + 5);
    EXPECT_EQ(parsed.bad_lines.size(), line_protocol::kBadLinesMax);
    EXPECT_TRUE(parsed.error_text().ends_with("\nand 5 more lines"));
}

std::string random_number(std::mt19937_64 &random) {
    std::string text = random() % 3 == 0 ? "-" : "";
    for (uint64_t n = 1 + random() % 20; n > 0; --n) text += static_cast<char>('0' + random() % 10);
    if (random() % 2 == 0) {
        text += '.';
        for (uint64_t n = random() % 19; n > 0; --n) text += static_cast<char>('0' + random() % 10);
    }
    if (random() % 8 == 0) text += "e" + std::to_string(static_cast<int>(random() % 40) - 20);
    return text;
}

// Every float that the predicting reader takes has exactly strtod's bits.
TEST(LineProtocol, FloatsAreBitExact) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int i = 0; i < 20'000; ++i) {
        const std::string number = random_number(random);
        std::string body = "m f=0.5 1\n";
        body += "m f=" + number + " 2\n" + std::string(200, '#') + "\n";
        auto parsed = line_protocol::parse(body, options());
        varve_batch *batch = parsed.batch.finish(42, 0);
        ASSERT_EQ(batch->row_count, 2u) << number;
        const double value = static_cast<const double *>(batch->tables[0]->columns[0].values)[1];
        const double expected = std::strtod(number.c_str(), nullptr);
        EXPECT_EQ(std::memcmp(&value, &expected, 8), 0) << number;
        batch->release(batch);
    }
}

// Random bodies of repeated series with types and fields that change: both readers agree.
TEST(LineProtocol, ReadersAgreeOnRandomBodies) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const char *values[] = {"1i", "-12345678i", "2.25",        "1e3", "\"s\"",         "\"a\\\"b\"",
                            "t",  "False",      "\"a b,c=d\"", "7",   "\"new\nline\"", "bad",
                            "",   "1u"};
    for (int round = 0; round < 300; ++round) {
        std::string body;
        for (int line = 0; line < 30; ++line) {
            body += "m" + std::to_string(random() % 2) + ",h=" + std::to_string(random() % 3);
            if (random() % 4 == 0) body += ",a\\ b=1";
            body += ' ';
            for (uint64_t f = 0, n = 1 + random() % 3; f < n; ++f) {
                body += (f == 0 ? "" : ",") + std::string(1, static_cast<char>('a' + f)) + '=' +
                        values[random() % (random() % 4 == 0 ? std::size(values) : 2)];
            }
            if (random() % 5 != 0) body += ' ' + std::to_string(random());
            body += '\n';
        }
        parse(body);
    }
}

template <size_t count>
const char *one_of(const char *const (&texts)[count], std::mt19937_64 &random) {
    return texts[random() % count];
}

// A key of the pieces that senders and their mistakes are made of.
std::string random_key(std::mt19937_64 &random, bool strange) {
    static constexpr const char *kMeasurements[] = {
        "m", "cpu", "node_metric_7", "disk=io", "a_b", "measurement_beyond_sixteen_bytes"};
    static constexpr const char *kNames[] = {"a",       "b",         "host",          "hostname",
                                             "service", "service_a", "service_b",     "\xff\x01",
                                             "region",  "r",         "service_a\x01", "tab\tbed"};
    static constexpr const char *kStrange[] = {
        "a\\ b=1", "a\\,b=1", "a\\=b=1", "a=",   "=1",    "a",       "a=1=2",   "",    "a=\\ ",
        "a=b\\",   "a=\"x\"", "q\"=1",   "a=\r", "a=1\n", "back\\s", "a=b\\\\", "a=\\"};
    std::string key = one_of(kMeasurements, random);
    if (strange && random() % 8 == 0)
        key = one_of({"m\\ x", "m\\,x", " m", "#m", "m\\", ""}, random);
    uint64_t tags = random() % 5;
    if (random() % 64 == 0) tags = random() % 80;
    for (uint64_t tag = 0; tag < tags; ++tag) {
        key += ',';
        if (strange && random() % 8 == 0) {
            key += one_of(kStrange, random);
            continue;
        }
        key += one_of(kNames, random);
        if (tags > 5) key += std::to_string(tag * 7919 % tags);
        key += '=' + std::to_string(random() % 3);
    }
    return key;
}

std::string random_fields(std::mt19937_64 &random, bool strange) {
    static constexpr const char *kSets[] = {"value=1",           "value=2.5",   "v=1i,w=-2i",
                                            "v=3i,w=4i",         "v=1.25,w=t",  "w=f,v=0.5",
                                            "v=1i,w=2i,x=\"s\"", "x=\"t u,=\"", "value=7i"};
    static constexpr const char *kStrange[] = {"v=1i,v=2i",  "time=1i,v=2i", "v=1e3",
                                               "v=1u",       "v=",           "v=\"a\\\"b\"",
                                               "v=\"a\nb\"", "v=1i,",        " v=1i",
                                               "",           "f\\ g=1i",     "v=\"open",
                                               "v=.5",       "value=1\r",    "bad"};
    return strange && random() % 8 == 0 ? one_of(kStrange, random) : one_of(kSets, random);
}

std::string random_time(std::mt19937_64 &random, bool strange) {
    static constexpr const char *kStrange[] = {
        "  5", " 9223372036854775807",  " x", " 1 2", " 7\r", " 7 ", " -",
        " ",   " 92233720368547758070", "\r"};
    if (random() % 6 == 0) return "";
    if (strange && random() % 8 == 0) return one_of(kStrange, random);
    return ' ' + std::to_string(static_cast<int64_t>(random() % 4'000'000'000'000) - 1'000'000);
}

// The pieces between the commas behind the measurement in another order.
std::string shuffled(const std::string &key, std::mt19937_64 &random) {
    std::vector<std::string> tags;
    const size_t first = std::min(key.find(','), key.size());
    for (size_t at = first; at < key.size();) {
        const size_t end = std::min(key.find(',', at + 1), key.size());
        tags.push_back(key.substr(at, end - at));
        at = end;
    }
    std::shuffle(tags.begin(), tags.end(), random);
    std::string made = key.substr(0, first);
    for (const std::string &tag : tags) made += tag;
    return made;
}

// Random bodies whose series are mostly new: tags in any order, named twice or empty, escapes,
// stray blanks and line ends; with keys that come again, as before or with their tags shuffled.
TEST(LineProtocol, ReadersAgreeOnNewSeries) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int round = 0; round < 400; ++round) {
        const bool strange = round % 2 == 1;
        std::vector<std::string> keys;
        std::string body;
        for (int line = 0; line < 60; ++line) {
            const bool again = !keys.empty() && random() % 2 == 0;
            if (!again) keys.push_back(random_key(random, strange));
            const std::string &key = again ? keys[random() % keys.size()] : keys.back();
            body += random() % 4 == 0 ? shuffled(key, random) : key;
            body += ' ' + random_fields(random, strange) + random_time(random, strange) + '\n';
        }
        if (random() % 2 == 0) body += "# the last lines are predicted too" + std::string(150, '.');
        auto predicted = options();
        predicted.precision_ns = random() % 2 == 0 ? 1 : 1'000'000;
        predicted.unsigned_enabled = random() % 2 == 0;
        predicted.hash_seed = random();
        auto by_the_book = predicted;
        by_the_book.predict = false;
        const std::string expected = dump_parsed(body, by_the_book);
        ASSERT_EQ(dump_parsed(body, predicted), expected) << body;
        if (!strange) {
            ASSERT_FALSE(expected.empty());
        }
    }
}

// A sender's bodies one after the other: what is remembered of the earlier ones changes nothing.
TEST(LineProtocol, ReadersAgreeOnBodiesOfOneSender) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int sender = 0; sender < 40; ++sender) {
        const bool strange = sender % 2 == 1;
        line_protocol::SenderMemory memory;
        std::vector<std::string> keys;
        for (int key = 0; key < 30; ++key) keys.push_back(random_key(random, strange));
        for (int turn = 0; turn < 20; ++turn) {
            std::string body;
            for (std::string &key : keys) {
                if (random() % 16 == 0) continue;                            // left out
                if (random() % 16 == 0) key = random_key(random, strange);   // another one
                for (uint64_t n = random() % 16 == 0 ? 2 : 1; n > 0; --n) {  // twice
                    body += random() % 32 == 0 ? shuffled(key, random) : key;
                    body +=
                        ' ' + random_fields(random, strange) + random_time(random, strange) + '\n';
                }
            }
            if (random() % 8 == 0) std::shuffle(keys.begin(), keys.end(), random);
            body += "# the last lines are predicted too" + std::string(150, '.');
            auto predicted = options();
            predicted.unsigned_enabled = random() % 2 == 0;
            if (sender % 4 > 1 && random() % 8 == 0) predicted.hash_seed = random();
            auto by_the_book = predicted;
            by_the_book.predict = false;
            const std::string expected = dump_parsed(body, by_the_book);
            // The memory must not point into a body that is gone.
            const std::string copy = body;
            ASSERT_EQ(dump_parsed(copy, predicted, memory), expected) << body;
        }
    }
}

TEST(LineProtocol, ASendersMemoryIsBounded) {
    line_protocol::SenderMemory memory;
    size_t largest = 0;
    for (int turn = 0; turn < 30; ++turn) {
        std::string body;
        for (int line = 0; line < 5000; ++line) {
            body += "m,host=" + std::to_string(turn * 5000 + line) + " v=1i 1\n";
        }
        auto parsed = line_protocol::parse(body, options(), memory);
        varve_batch *batch = parsed.batch.finish(42, 0);
        ASSERT_EQ(batch->row_count, 5000u);
        batch->release(batch);
        largest = std::max(largest, memory.size_bytes());
    }
    EXPECT_GT(largest, 500'000u);
    EXPECT_LE(largest, line_protocol::SenderMemory::kSizeMax + (2u << 20));
}

TEST(LineProtocol, SendersAreForgottenWhenThereAreTooMany) {
    line_protocol::SenderMemories senders;
    const std::string body = "m,a=1 v=1i 1\n" + std::string(200, '#');
    for (uint64_t sender = 0; sender < 5000; ++sender) {
        line_protocol::SenderMemories::Loan loan(senders, sender);
        auto parsed = line_protocol::parse(body, options(), loan.memory());
        EXPECT_EQ(loan.memory().last == nullptr, false);
    }
    EXPECT_GT(senders.size_bytes(), 0u);
    EXPECT_LE(senders.size_bytes(), line_protocol::SenderMemories::kSizeMax);
    {
        // The last one is known, and lent once: a second loan gets another memory.
        line_protocol::SenderMemories::Loan loan(senders, 4999);
        EXPECT_NE(loan.memory().last, nullptr);
        line_protocol::SenderMemories::Loan second(senders, 4999);
        EXPECT_EQ(second.memory().last, nullptr);
    }
    line_protocol::SenderMemories::Loan first(senders, 0);
    EXPECT_EQ(first.memory().last, nullptr);
}

// What is behind the text of dump_parsed: each key once per table, with its hash, in both readers.
TEST(LineProtocol, AKeyStandsOnceInATable) {
    const std::string rest = "v=1i,w=2i 1\n";
    std::string body;
    for (int turn = 0; turn < 3; ++turn) {
        for (const char *key : {"m,b=1,a=2 ", "m,a=2,b=1 ", "m,a=2,b=2 ", "m ", "n,a=2,b=1 "}) {
            body += key + rest;
            body += key + std::string("w=1i ") + std::to_string(turn) + '\n';
        }
    }
    body += std::string(200, '#');
    for (const bool predict : {true, false}) {
        auto opts = options();
        opts.predict = predict;
        auto parsed = line_protocol::parse(body, opts);
        varve_batch *batch = parsed.batch.finish(opts.hash_seed, 0);
        ASSERT_EQ(batch->table_count, 4u);
        for (uint32_t t = 0; t < batch->table_count; ++t) {
            const varve_table &table = *batch->tables[t];
            EXPECT_EQ(table.key_count, view(table.measurement) == "m" ? 3u : 1u);
            for (uint32_t k = 0; k < table.key_count; ++k) {
                const std::string_view text = view(table.keys[k].text);
                EXPECT_TRUE(series_key::is_canonical(text)) << text;
                EXPECT_EQ(table.keys[k].hash, series_key::hash(text, opts.hash_seed));
                for (uint32_t other = 0; other < k; ++other) {
                    EXPECT_NE(view(table.keys[other].text), text);
                }
            }
        }
        batch->release(batch);
    }
}

// One series in many tables: more than are kept in its own list.
TEST(LineProtocol, ASeriesWithManySetsOfFields) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::string body;
    for (int line = 0; line < 2000; ++line) {
        const uint64_t set = random() % 40;
        body += one_of({"m,b=1,a=2 f", "m,a=2,b=1 f", "m f"}, random) + std::to_string(set) + "=1i";
        if (set % 4 == 0) body += ",f" + std::to_string(set) + "=2i";  // named twice: no prediction
        body += '\n';
    }
    for (const std::string &text : {body, body + std::string(200, '#')}) {
        parse(text);
        auto parsed = line_protocol::parse(text, options());
        varve_batch *batch = parsed.batch.finish(42, 0);
        ASSERT_EQ(batch->row_count, 2000u);
        ASSERT_LE(batch->table_count, 40u);
        for (uint32_t t = 0; t < batch->table_count; ++t) {
            EXPECT_LE(batch->tables[t]->key_count, 2u);
        }
        batch->release(batch);
    }
}

TEST(LineProtocol, ManyTagsAreSorted) {
    for (const int tags : {63, 64, 65, 200}) {
        std::string written = "m";
        std::vector<std::string> sorted;
        for (int tag = tags; tag > 0; --tag) {
            sorted.push_back(",long_tag_name_" + std::to_string(100 + tag) + "=v");
            written += sorted.back();
        }
        std::sort(sorted.begin(), sorted.end());
        std::string canonical = "m";
        for (const std::string &tag : sorted) canonical += tag;
        EXPECT_EQ(parse("m v=1i 1\n" + written + " v=1i 2\n" + std::string(200, '#')),
                  "m|v=i:1|1\n" + canonical + "|v=i:1|2\n");
    }
}

}  // namespace
}  // namespace varve
