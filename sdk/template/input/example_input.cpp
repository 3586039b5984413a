#include "example_input.hpp"

#include <memory>

namespace varve {
namespace {

// A batch of one row, `example value=…`. What it points to lives in the same object.
struct OneRow {
    varve_batch batch{};
    varve_table table{};
    const varve_table *tables[1] = {&table};
    varve_series_key key{str("example"), 0, 0};
    uint32_t key_index = 0;
    int64_t time = 0;
    uint32_t ordinal = 0;
    alignas(64) double value = 0;
    varve_column column{str("value"), VARVE_TYPE_FLOAT64, VARVE_DECIMALS_UNKNOWN, {}, &value,
                        nullptr};
};

varve_batch *make_batch(int64_t time_ns, double value) {
    auto row = std::make_unique<OneRow>();
    row->time = time_ns;
    row->value = value;
    row->table = {sizeof(varve_table),
                  1,
                  1,
                  1,
                  str("example"),
                  &row->key,
                  &row->key_index,
                  &row->time,
                  &row->ordinal,
                  &row->column,
                  nullptr};
    row->batch.struct_size = sizeof(varve_batch);
    row->batch.table_count = 1;
    row->batch.tables = row->tables;
    // The key was hashed with no seed of the host's: storage sees the difference and hashes anew.
    row->batch.hash_seed = ~uint64_t{0};
    row->batch.row_count = 1;
    row->batch.value_count = 1;
    row->batch.owner = row.get();
    row->batch.release = [](varve_batch *batch) { delete static_cast<OneRow *>(batch->owner); };
    return &row.release()->batch;
}

}  // namespace

const varve_descriptor &ExampleInput::descriptor() {
    static const varve_config_key keys[] = {
        {"database", "\"example\"", "Where the rows go.", VARVE_CONFIG_STRING, 0},
        {"interval", "\"10s\"", "How often a row is written.", VARVE_CONFIG_DURATION, 0},
    };
    static const varve_descriptor made = {
        sizeof made, VARVE_KIND_INPUT, "inputs.example",
        "Example",   "1.0.0",          "Writes a counting row every interval.",
        keys,        std::size(keys),  0};
    return made;
}

Status ExampleInput::start() {
    auto database = host_.config_string("database");
    if (!database.ok()) return database.status();
    auto interval = host_.config_integer("interval");
    if (!interval.ok()) return interval.status();
    database_ = *database;
    rows_ = host_.counter("varve_example_rows_total", "Rows this input wrote.");
    varve_error error = abi_error();
    const int32_t code = host_.tasks()->every(
        host_.raw(), *interval,
        [](void *ctx) { guarded_void([&] { static_cast<ExampleInput *>(ctx)->write_row(); }); },
        this, &timer_, &error);
    return Status::from_abi(code, error);
}

void ExampleInput::stop() {
    if (timer_ == nullptr) return;
    host_.tasks()->cancel(timer_);
    timer_ = nullptr;
}

void ExampleInput::write_row() {
    varve_write_request request{};
    request.struct_size = sizeof request;
    request.database = str(database_);
    request.create_database = 1;
    host_.writer()->submit(
        host_.raw(), make_batch(host_.now_ns(), value_++), &request,
        [](void *ctx, const varve_write_outcome *outcome) {
            auto *self = static_cast<ExampleInput *>(ctx);
            if (outcome->code == VARVE_OK) return self->rows_.add();
            self->host_.log_error("a row was not written", {{"error", view(outcome->error)}});
        },
        this);
}

}  // namespace varve
