#include "inputs/http/series_api/number_file.hpp"

#include <array>
#include <memory>

namespace varve {
namespace {

using Bytes = std::array<unsigned char, 8>;

}  // namespace

NumberFile::NumberFile(const Host &host)
    : host_(host),
      folder_(host.data_dir() + '/' + host.instance_name()),
      path_(folder_ + "/point-numbers") {}

Result<varve_file *> NumberFile::open(uint32_t flags) const {
    varve_file *file = nullptr;
    varve_error error = abi_error();
    const int32_t code = host_.files()->open(host_.raw(), path_.c_str(), flags, &file, &error);
    if (code != VARVE_OK) return Status::from_abi(code, error);
    return file;
}

Result<int64_t> NumberFile::read() const {
    const Result<varve_file *> opened = open(VARVE_FILE_READ);
    if (opened.code() == Code::not_found) return 0;
    if (!opened.ok()) return opened.status();
    const std::unique_ptr<varve_file, void (*)(varve_file *)> file(*opened, host_.files()->close);
    Bytes bytes{};
    uint64_t size = 0;
    varve_error error = abi_error();
    const int32_t code =
        host_.files()->read_at(file.get(), 0, bytes.data(), bytes.size(), &size, &error);
    if (code != VARVE_OK) return Status::from_abi(code, error);
    uint64_t limit = 0;
    for (size_t i = bytes.size(); i > 0; --i) limit = limit << 8 | bytes[i - 1];
    const bool makes_sense = size == bytes.size() && limit <= INT64_MAX / 10'000;
    return makes_sense ? static_cast<int64_t>(limit) : 0;
}

Status NumberFile::write(int64_t limit) const {
    const varve_host_file &files = *host_.files();
    varve_error error = abi_error();
    int32_t code = files.make_directory(host_.raw(), folder_.c_str(), &error);
    if (code != VARVE_OK) return Status::from_abi(code, error);
    const Result<varve_file *> opened = open(VARVE_FILE_WRITE | VARVE_FILE_CREATE);
    if (!opened.ok()) return opened.status();
    const std::unique_ptr<varve_file, void (*)(varve_file *)> file(*opened, files.close);
    Bytes bytes{};
    for (size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<unsigned char>(static_cast<uint64_t>(limit) >> (8 * i));
    }
    const varve_bytes part{bytes.data(), bytes.size()};
    code = files.write_at(file.get(), 0, &part, 1, &error);
    if (code == VARVE_OK) code = files.sync(file.get(), &error);
    if (code == VARVE_OK) code = files.sync_directory(host_.raw(), folder_.c_str(), &error);
    return code == VARVE_OK ? Status() : Status::from_abi(code, error);
}

}  // namespace varve
