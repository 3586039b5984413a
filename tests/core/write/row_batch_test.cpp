// The server's own rows as batches: what storage keeps of them is what was added.
#include "write/row_batch.hpp"

#include <bit>

#include "core/write/write_fixture.hpp"

namespace varve::test {
namespace {

class RowBatchTest : public WriteFixture {
  protected:
    void SetUp() override {
        WriteFixture::SetUp();
        ASSERT_TRUE(catalog_.create_database("d", std::nullopt).ok());
    }
    static RowBatch::Value number(std::string_view name, double value) {
        return {name, VARVE_TYPE_FLOAT64, std::bit_cast<uint64_t>(value), {}};
    }
    RowBatch rows_;
};

TEST_F(RowBatchTest, KeepsEveryTypeAndSeries) {
    ASSERT_TRUE(rows_.begin_series("m", {{"t", "a b"}}).ok());
    const RowBatch::Value all[] = {number("f", 1.5),
                                   {"i", VARVE_TYPE_INT64, static_cast<uint64_t>(-3), {}},
                                   {"u", VARVE_TYPE_UINT64, 7, {}},
                                   {"b", VARVE_TYPE_BOOLEAN, 1, {}},
                                   {"s", VARVE_TYPE_STRING, 0, "text"}};
    rows_.add_row(10, all);
    const RowBatch::Value one[] = {number("f", 2)};
    rows_.add_row(20, one);
    rows_.add_row(30, {});
    ASSERT_TRUE(rows_.begin_series("m", {}).ok());
    rows_.add_row(10, one);
    ASSERT_TRUE(rows_.begin_series("m", {{"t", "a b"}}).ok());
    rows_.add_row(40, one);
    EXPECT_EQ(rows_.row_count(), 4u);
    EXPECT_EQ(submit(rows_.finish(0x5eed), request_for("d")).accepted, 4u);
    Dump wanted;
    wanted["m,t=a\\ b"][10] = {
        {"f f", "1.5"}, {"i i", "-3"}, {"u u", "7"}, {"b b", "1"}, {"s s", "text"}};
    wanted["m,t=a\\ b"][20] = {{"f f", "2"}};
    wanted["m,t=a\\ b"][40] = {{"f f", "2"}};
    wanted["m"][10] = {{"f f", "2"}};
    EXPECT_EQ(difference(stored(), wanted), "");
}

TEST_F(RowBatchTest, TheLastRowOfAnInstantWins) {
    ASSERT_TRUE(rows_.begin_series("m", {}).ok());
    for (const double value : {1.0, 2.0, 3.0}) {
        const RowBatch::Value row[] = {number("f", value)};
        rows_.add_row(10, row);
    }
    EXPECT_EQ(submit(rows_.finish(0x5eed), request_for("d")).accepted, 3u);
    EXPECT_EQ(stored()["m"][10]["f f"], "3");
}

TEST_F(RowBatchTest, IsEmptyOnceItIsFinished) {
    EXPECT_EQ(rows_.finish(1), nullptr);
    ASSERT_TRUE(rows_.begin_series("m", {}).ok());
    const RowBatch::Value row[] = {{"s", VARVE_TYPE_STRING, 0, "text"}};
    rows_.add_row(10, row);
    EXPECT_GT(rows_.size_bytes(), 4u);
    varve_batch *first = rows_.finish(1);
    EXPECT_EQ(rows_.row_count(), 0u);
    EXPECT_EQ(rows_.size_bytes(), 0u);
    rows_.add_row(20, row);  // the series goes on
    varve_batch *second = rows_.finish(1);
    EXPECT_EQ(view(second->tables[0]->keys[0].text), "m");
    EXPECT_EQ(second->tables[0]->times[0], 20);
    first->release(first);
    second->release(second);
}

}  // namespace
}  // namespace varve::test
