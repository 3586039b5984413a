# varve_room(NAME SOURCES ... DEPS ...): one static library per room of the core.
# varve_test(NAME SOURCES ... DEPS ... [LABELS ...]): one GoogleTest binary per room.
include_guard(GLOBAL)

# Rooms with other definitions (Poco's) compile without the precompiled header, silently.
set(CMAKE_PCH_WARN_INVALID OFF)
if(VARVE_PCH AND NOT VARVE_FUZZ)
    add_library(varve_pch OBJECT "${CMAKE_SOURCE_DIR}/packaging/cmake/pch.cpp")
    target_link_libraries(varve_pch PRIVATE varve_compile)
    target_precompile_headers(varve_pch PRIVATE <algorithm> <array> <atomic> <chrono> <cstdint>
        <functional> <map> <memory> <mutex> <optional> <span> <string> <string_view> <unordered_map>
        <utility> <variant> <vector>)
endif()

if(TARGET varve_pch AND VARVE_TESTS)
    add_library(varve_test_pch OBJECT "${CMAKE_SOURCE_DIR}/packaging/cmake/pch.cpp")
    target_link_libraries(varve_test_pch PRIVATE varve_compile GTest::gmock GTest::gtest)
    target_precompile_headers(varve_test_pch PRIVATE <gmock/gmock.h> <gtest/gtest.h> <map> <random>
        <string> <thread> <vector>)
endif()

function(varve_use_pch target)
    if(TARGET varve_pch)
        target_precompile_headers(${target} REUSE_FROM varve_pch)
    endif()
endfunction()

function(varve_room name)
    cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
    add_library(varve_${name} STATIC ${ARG_SOURCES})
    target_include_directories(varve_${name} PUBLIC "${CMAKE_SOURCE_DIR}/core")
    target_link_libraries(varve_${name} PUBLIC varve_compile varve_sdk ${ARG_DEPS})
    varve_use_pch(varve_${name})
endfunction()

function(varve_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LABELS" ${ARGN})
    add_executable(test_${name} ${ARG_SOURCES})
    target_include_directories(test_${name} PRIVATE "${CMAKE_SOURCE_DIR}/core"
        "${CMAKE_SOURCE_DIR}/plugins" "${CMAKE_SOURCE_DIR}/tests")
    target_link_libraries(test_${name} PRIVATE varve_compile ${ARG_DEPS} GTest::gmock GTest::gtest
        GTest::gtest_main)
    target_compile_definitions(test_${name} PRIVATE VARVE_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
        VARVE_BINARY_DIR="${CMAKE_BINARY_DIR}")
    if(TARGET varve_test_pch)
        # A program is compiled with -fPIE by default, and the header was with -fPIC.
        target_compile_options(test_${name} PRIVATE -fPIC)
        target_precompile_headers(test_${name} REUSE_FROM varve_test_pch)
    endif()
    add_test(NAME ${name} COMMAND test_${name})
    if(ARG_LABELS)
        set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}")
    endif()
endfunction()

# varve_bench(NAME SOURCES ... DEPS ...): a Google Benchmark binary, run by ./dev bench.
function(varve_bench name)
    cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
    add_executable(bench_${name} ${ARG_SOURCES})
    target_include_directories(bench_${name} PRIVATE "${CMAKE_SOURCE_DIR}/core"
        "${CMAKE_SOURCE_DIR}/plugins" "${CMAKE_SOURCE_DIR}/tests")
    target_link_libraries(bench_${name} PRIVATE varve_compile ${ARG_DEPS} benchmark::benchmark
        benchmark::benchmark_main)
endfunction()

# varve_fuzz(NAME SOURCES ... DEPS ... CORPUS dir): with VARVE_FUZZ a libFuzzer binary; otherwise a
# test that runs the same target over its corpus and over mutations of it.
function(varve_fuzz name)
    cmake_parse_arguments(ARG "" "CORPUS" "SOURCES;DEPS" ${ARGN})
    add_executable(fuzz_${name} ${ARG_SOURCES})
    target_include_directories(fuzz_${name} PRIVATE "${CMAKE_SOURCE_DIR}/core"
        "${CMAKE_SOURCE_DIR}/plugins" "${CMAKE_SOURCE_DIR}/tests")
    target_link_libraries(fuzz_${name} PRIVATE varve_compile ${ARG_DEPS})
    if(NOT TARGET fuzzers)
        add_custom_target(fuzzers)
    endif()
    add_dependencies(fuzzers fuzz_${name})
    if(VARVE_FUZZ)
        target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer,address,undefined)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer,address,undefined)
    else()
        target_sources(fuzz_${name} PRIVATE "${CMAKE_SOURCE_DIR}/tests/support/fuzz_main.cpp")
        add_test(NAME fuzz_${name} COMMAND fuzz_${name} "${ARG_CORPUS}")
        set_tests_properties(fuzz_${name} PROPERTIES LABELS fuzz)
    endif()
endfunction()
