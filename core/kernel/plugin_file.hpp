// Looks at a plugin's file before anything of it runs: its permissions, that it is a shared library
// for this machine, and the ABI tag in its section `.varve.abi`. Nothing is loaded here, so a wrong
// file never runs its constructors.
#pragma once

#include <string>

#include <varve/abi.h>

#include "base/status.hpp"

namespace varve {

// The tag of the plugin at `path`. Every refusal is failed_precondition, names the path, and says
// what was expected and what was found:
//   not a regular file · writable by everybody (the file or its directory) · owned by somebody else
//   than root or the server's user · no ELF file · cut off · for another machine · no shared
//   library · no section .varve.abi · wrong magic, tag size, major, minor · drafts of another build
Result<varve_abi_tag> read_plugin_tag(const std::string &path);

// Compares a tag with this host's: magic, size, major equal, minor not above, drafts' build equal.
Status check_abi_tag(const varve_abi_tag &tag);

}  // namespace varve
