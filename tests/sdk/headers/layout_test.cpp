// Released layouts never change: a plugin built against this header must load for ever. A new
// member goes to the end of a table and gets a line here; no existing number changes.
#include <gtest/gtest.h>
#include <varve/varve.h>

namespace {

TEST(Layout, Sizes) {
    EXPECT_EQ(sizeof(varve_abi_tag), 32u);
    EXPECT_EQ(sizeof(varve_plugin_entry), 56u);
    EXPECT_EQ(sizeof(varve_str), 16u);
    EXPECT_EQ(sizeof(varve_bytes), 16u);
    EXPECT_EQ(sizeof(varve_sink), 16u);
    EXPECT_EQ(sizeof(varve_error), 1032u);
    EXPECT_EQ(sizeof(varve_host), 32u);
    EXPECT_EQ(sizeof(varve_config_key), 32u);
    EXPECT_EQ(sizeof(varve_descriptor), 56u);
    EXPECT_EQ(sizeof(varve_instance), 56u);
    EXPECT_EQ(sizeof(varve_factory), 24u);
    EXPECT_EQ(sizeof(varve_column), 40u);
    EXPECT_EQ(sizeof(varve_series_key), 32u);
    EXPECT_EQ(sizeof(varve_table), 80u);
    EXPECT_EQ(sizeof(varve_batch), 72u);
    EXPECT_EQ(sizeof(varve_write_opts), 64u);
    EXPECT_EQ(sizeof(varve_rejection), 32u);
    EXPECT_EQ(sizeof(varve_block_stats), 80u);
    EXPECT_EQ(sizeof(varve_block), 48u);
    EXPECT_EQ(sizeof(varve_argument), 32u);
    EXPECT_EQ(sizeof(varve_value), 40u);
    EXPECT_EQ(sizeof(varve_stream_context), 48u);
    EXPECT_EQ(sizeof(varve_stream_rows), 24u);
    EXPECT_EQ(sizeof(varve_function_column), 16u);
}

TEST(Layout, Offsets) {
    EXPECT_EQ(offsetof(varve_abi_tag, abi_major), 8u);
    EXPECT_EQ(offsetof(varve_abi_tag, build_id), 16u);
    EXPECT_EQ(offsetof(varve_plugin_entry, init), 32u);
    EXPECT_EQ(offsetof(varve_host, get_extension), 24u);
    EXPECT_EQ(offsetof(varve_instance, start), 16u);
    EXPECT_EQ(offsetof(varve_instance, get_extension), 40u);
    EXPECT_EQ(offsetof(varve_table, keep), 72u);
    EXPECT_EQ(offsetof(varve_batch, release), 64u);
    EXPECT_EQ(offsetof(varve_function, check), 40u);
    EXPECT_EQ(offsetof(varve_function, check_types), 120u);
    EXPECT_EQ(offsetof(varve_function, extra_columns), 168u);
    EXPECT_EQ(offsetof(varve_storage, write), 48u);
    EXPECT_EQ(offsetof(varve_storage, cardinality), 168u);
}

TEST(Layout, TableSizes) {
    EXPECT_EQ(sizeof(varve_input), 16u);
    EXPECT_EQ(sizeof(varve_output), 24u);
    EXPECT_EQ(sizeof(varve_function), 192u);
    EXPECT_EQ(sizeof(varve_storage), 176u);
    EXPECT_EQ(sizeof(varve_host_log), 24u);
    EXPECT_EQ(sizeof(varve_host_file), 144u);
    EXPECT_EQ(sizeof(varve_host_http), 128u);
    EXPECT_EQ(sizeof(varve_host_write), 40u);
    EXPECT_EQ(sizeof(varve_host_query), 16u);
    EXPECT_EQ(sizeof(varve_host_task), 48u);
}

}  // namespace
