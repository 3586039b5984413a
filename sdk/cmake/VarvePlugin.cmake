# varve_plugin(KIND/NAME SOURCES ... [DEPS ...]): builds the plugin KIND.NAME.so that exports
# exactly one symbol, installs it and its sample.toml. In the tree, VARVE_STATIC_PLUGINS links it
# into the server instead. The work (all sources but plugin.cpp) is also a static library
# `plugin_KIND_NAME`, for unit tests.
include_guard(GLOBAL)
include(GNUInstallDirs)
set(VARVE_PLUGIN_MAP "${CMAKE_CURRENT_LIST_DIR}/varve_plugin.map")
set(VARVE_PLUGIN_INSTALL_DIR "${CMAKE_INSTALL_LIBDIR}/varve/plugins")

function(varve_plugin id)
    cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
    string(REPLACE "/" "_" target "plugin_${id}")
    string(REPLACE "/" "." file "${id}")
    set(sdk varve_sdk)
    if(TARGET varve::sdk)
        set(sdk varve::sdk)
    endif()
    set(work ${ARG_SOURCES})
    list(REMOVE_ITEM work plugin.cpp)
    if(work)
        add_library(${target} STATIC ${work})
        target_link_libraries(${target} PUBLIC varve_compile ${sdk} ${ARG_DEPS})
        if(PROJECT_NAME STREQUAL "varve")
            target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}/plugins")
        endif()
    else()
        add_library(${target} INTERFACE)
        target_link_libraries(${target} INTERFACE varve_compile ${sdk} ${ARG_DEPS})
    endif()

    if(VARVE_STATIC_PLUGINS)
        string(REPLACE "/" "_" symbol "varve_entry_${id}")
        add_library(${target}_entry OBJECT plugin.cpp)
        target_compile_definitions(${target}_entry PRIVATE VARVE_ENTRY_SYMBOL=${symbol})
        target_link_libraries(${target}_entry PUBLIC ${target})
        set_property(GLOBAL APPEND PROPERTY VARVE_STATIC_PLUGIN_SYMBOLS "${symbol}")
        set_property(GLOBAL APPEND PROPERTY VARVE_STATIC_PLUGIN_TARGETS "${target}_entry")
        return()
    endif()

    add_library(${target}_so MODULE plugin.cpp)
    target_link_libraries(${target}_so PRIVATE ${target})
    target_link_options(${target}_so PRIVATE "-Wl,--version-script=${VARVE_PLUGIN_MAP}"
        -Wl,-z,defs -Wl,-z,now -Wl,--exclude-libs,ALL)
    set_target_properties(${target}_so PROPERTIES PREFIX "" OUTPUT_NAME "${file}"
        LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib/varve/plugins"
        LINK_DEPENDS "${VARVE_PLUGIN_MAP}")
    if(NOT TARGET plugins)
        add_custom_target(plugins)
    endif()
    add_dependencies(plugins ${target}_so)
    install(TARGETS ${target}_so LIBRARY DESTINATION "${VARVE_PLUGIN_INSTALL_DIR}")
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/sample.toml")
        install(FILES sample.toml DESTINATION "${CMAKE_INSTALL_SYSCONFDIR}/varve/conf.d"
            RENAME "${file}.toml")
    endif()
endfunction()
