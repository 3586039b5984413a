#include "cli/export/export_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>

#include <Poco/DeflatingStream.h>
#include <Poco/Exception.h>

namespace varve::cli {

ExportFile::ExportFile() = default;

ExportFile::~ExportFile() {
    gzip_.reset();
    if (partial_.empty()) return;
    file_.close();
    (void)std::remove(partial_.c_str());
}

Result<std::unique_ptr<ExportFile>> ExportFile::open(const std::string &path, bool gzip) {
    std::unique_ptr<ExportFile> made(new ExportFile);
    made->out_ = &std::cout;
    if (!path.empty()) {
        std::error_code error;
        if (std::filesystem::exists(path, error)) {
            return Status(Code::already_exists, path + " exists already");
        }
        made->path_ = path;
        const std::string partial = path + ".partial";
        made->file_.open(partial, std::ios::binary | std::ios::trunc);
        if (!made->file_) {
            return Status(Code::io_error, "cannot write " + partial + ": " + std::strerror(errno));
        }
        made->partial_ = partial;
        made->out_ = &made->file_;
    }
    if (gzip) {
        made->gzip_ = std::make_unique<Poco::DeflatingOutputStream>(
            *made->out_, Poco::DeflatingStreamBuf::STREAM_GZIP);
        made->out_ = made->gzip_.get();
    }
    return made;
}

Status ExportFile::check(const char *what) {
    if (out_->good()) return {};
    return {Code::io_error, std::string("cannot ") + what + ' ' +
                                (path_.empty() ? "standard output" : partial_) + ": " +
                                std::strerror(errno)};
}

Status ExportFile::write(std::string_view bytes) {
    out_->write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return check("write");
}

Status ExportFile::finish() {
    try {
        if (gzip_) gzip_->close();
    } catch (const Poco::Exception &error) {
        return {Code::io_error, "cannot compress: " + error.displayText()};
    }
    if (gzip_) out_ = path_.empty() ? &std::cout : static_cast<std::ostream *>(&file_);
    gzip_.reset();
    out_->flush();
    VARVE_RETURN_IF_ERROR(check("write"));
    if (path_.empty()) return {};
    file_.close();
    if (std::rename(partial_.c_str(), path_.c_str()) != 0) {
        return {Code::io_error, "cannot rename " + partial_ + ": " + std::strerror(errno)};
    }
    partial_.clear();
    return {};
}

}  // namespace varve::cli
