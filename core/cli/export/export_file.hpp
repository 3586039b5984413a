// Where an export goes: standard output, or a file that is there under its name only when it is
// complete; compressed by gzip if that is wanted.
#pragma once

#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.hpp"

namespace Poco {
class DeflatingOutputStream;
}

namespace varve::cli {

class ExportFile {
  public:
    // An empty path is standard output. already_exists if there is such a file.
    static Result<std::unique_ptr<ExportFile>> open(const std::string &path, bool gzip);
    // Removes what is incomplete.
    ~ExportFile();

    Status write(std::string_view bytes);
    // The last call; only after it the file stands under its name.
    Status finish();

  private:
    ExportFile();
    Status check(const char *what);

    std::string path_;     // empty = standard output
    std::string partial_;  // what is written until finish()
    std::ofstream file_;
    std::ostream *out_ = nullptr;
    std::unique_ptr<Poco::DeflatingOutputStream> gzip_;
};

}  // namespace varve::cli
