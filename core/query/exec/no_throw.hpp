// Memory may run out anywhere; jobs and requests turn that into a Status.
#pragma once

#include <exception>
#include <new>
#include <string>

#include "base/status.hpp"

namespace varve::query::exec {

// Runs a callable that returns Status. What it throws becomes resource_exhausted "out of memory",
// or internal for anything that only a bug throws.
template <typename Callable>
Status no_throw(Callable &&callable) noexcept {
    try {
        return callable();
    } catch (const std::bad_alloc &) {
        return {Code::resource_exhausted, "out of memory"};
    } catch (const std::exception &caught) {
        return {Code::internal, std::string("BUG: ") + caught.what()};
    }
}

}  // namespace varve::query::exec
