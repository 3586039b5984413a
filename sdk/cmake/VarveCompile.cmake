# The compile flags of Varve's own code and of plugins outside the tree: C++20, warnings are
# errors, hidden visibility, position-independent code, optional sanitizers (VARVE_SANITIZE).
include_guard(GLOBAL)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "build type" FORCE)
endif()
# Assertions (VARVE_ASSERT) stay on in every build; -g1 keeps stack traces readable and links fast.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")

add_library(varve_compile INTERFACE)
target_compile_options(varve_compile INTERFACE -Wall -Wextra -Wshadow -Werror
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(varve_compile INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(varve_compile INTERFACE -march=x86-64-v2)
endif()
if(VARVE_SANITIZE)
    target_compile_options(varve_compile INTERFACE -fsanitize=${VARVE_SANITIZE}
        -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(varve_compile INTERFACE -fsanitize=${VARVE_SANITIZE})
endif()
find_program(VARVE_MOLD mold)
if(VARVE_MOLD)
    target_link_options(varve_compile INTERFACE -fuse-ld=mold)
endif()
