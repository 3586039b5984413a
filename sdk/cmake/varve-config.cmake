# find_package(varve): the target varve::sdk and the function varve_plugin().
include("${CMAKE_CURRENT_LIST_DIR}/varve-targets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/VarveCompile.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/VarvePlugin.cmake")
