#include "example_output.hpp"

#include <cerrno>

namespace varve {

const varve_descriptor &ExampleOutput::descriptor() {
    static const varve_config_key keys[] = {
        {"path", "\"/dev/null\"", "The file to append to.", VARVE_CONFIG_STRING, 0},
    };
    static const varve_descriptor made = {
        sizeof made, VARVE_KIND_OUTPUT, "outputs.example",
        "Example",   "1.0.0",           "Appends a line per committed batch to a file.",
        keys,        std::size(keys),   0};
    return made;
}

Status ExampleOutput::start() {
    auto path = host_.config_string("path");
    if (!path.ok()) return path.status();
    file_ = std::fopen(path->c_str(), "a");
    if (file_ != nullptr) return {};
    return {Code::io_error, "open " + *path + ": " + std::strerror(errno)};
}

void ExampleOutput::stop() {
    if (file_ != nullptr) std::fclose(file_);
    file_ = nullptr;
}

Status ExampleOutput::consume(uint64_t lsn, std::string_view database, std::string_view policy,
                              const varve_batch &batch) {
    const int written =
        std::fprintf(file_, "lsn=%llu database=%.*s policy=%.*s rows=%llu\n",
                     static_cast<unsigned long long>(lsn), static_cast<int>(database.size()),
                     database.data(), static_cast<int>(policy.size()), policy.data(),
                     static_cast<unsigned long long>(batch.row_count));
    // io_error: the same batch comes again later.
    if (written < 0) return {Code::io_error, "the file cannot be written"};
    return flush();
}

Status ExampleOutput::flush() {
    return std::fflush(file_) == 0 ? Status()
                                   : Status(Code::io_error, "the file cannot be written");
}

}  // namespace varve
