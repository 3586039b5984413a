// Names of the functions behind addresses of this process, from the symbol tables of the program
// and its libraries.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace varve::monitor {

// Reads each file once, when an address in it is first asked for. Not thread-safe.
class Symbols {
  public:
    // The demangled name; empty if no symbol covers the address.
    std::string name(uint64_t address);

  private:
    struct Function {
        uint64_t start;  // in the file's own addresses
        uint64_t end;
        std::string name;  // mangled
    };
    using Functions = std::vector<Function>;  // by start

    static Functions read(const std::string &path);

    std::map<std::string, Functions> files_;
};

}  // namespace varve::monitor
