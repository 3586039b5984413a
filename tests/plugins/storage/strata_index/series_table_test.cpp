// Keys taken apart: the short way, for a key that is like the one before, answers as the long one.
#include <gtest/gtest.h>

#include "storage/strata/index/series_cache.hpp"
#include "storage/strata/index/series_table.hpp"

namespace varve {
namespace {

// The last series of the table as a key again.
std::string last_key(const strata::SeriesTable &table) {
    const auto &series = table.series().back();
    const auto &shape = table.shapes()[series.shape];
    const auto text = [&](uint32_t column, uint32_t number) {
        return table.columns()[column].texts[number];
    };
    std::string key;
    series_key::append_escaped_measurement(text(strata::kMeasurementsColumn, shape.measurement),
                                           key);
    for (size_t i = 0; i < shape.columns.size(); ++i) {
        const auto &column = table.columns()[shape.columns[i]];
        key += ',';
        series_key::append_escaped_tag(text(strata::kTagKeysColumn, column.key), key);
        key += '=';
        series_key::append_escaped_tag(column.texts[table.values_of(series)[i]], key);
    }
    return key;
}

TEST(SeriesTable, TakesApartWhateverComesBehindWhatever) {
    const std::string keys[] = {
        "cpu",           "cpu,host=a",     "cpu,host=b",      "cpux,host=a",
        "cpu,hosts=a",   "cpu,host=a,x=b", "cpu,host=bb,x=c", "cpu,host=a\\ b,x=b",
        "cpu,host\\==a", "c\\ u,host=a",   "c\\\\u,host=a\\b"};
    const std::string malformed[] = {"",
                                     "cpu,",
                                     "cpu,host",
                                     "cpu,host=",
                                     "cpu,host==",
                                     "cpu,host=a,",
                                     "cpu,host=a=b",
                                     "cpu,host=a b",
                                     "cpu ,host=",
                                     "c u,host=a",
                                     "cpu,x=b,host=a",
                                     "cpu,host=,x=b",
                                     "cpu,host=a,x=",
                                     "cpu,=a",
                                     "cpu,host=a,x=b "};
    for (const std::string &first : keys) {
        for (const std::string &second : keys) {
            strata::SeriesTable table;
            ASSERT_TRUE(table.add(0, first, 7).ok());
            ASSERT_TRUE(table.add(1, second, 8).ok());
            EXPECT_EQ(last_key(table), second) << "behind " << first;
            EXPECT_EQ(table.series().back().hash, 8u);
        }
        for (const std::string &second : malformed) {
            strata::SeriesTable table;
            ASSERT_TRUE(table.add(0, first, 7).ok());
            EXPECT_EQ(table.add(1, second, 8).code(), Code::invalid_argument)
                << second << " behind " << first;
            EXPECT_EQ(table.series().size(), 1u);
        }
    }
}

}  // namespace
}  // namespace varve
