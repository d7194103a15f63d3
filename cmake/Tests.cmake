# logboom_tests: all of tests/unit, tests/contract and plugins/*/tests, in one program.
find_package(GTest REQUIRED)

if(LOGBOOM_TEST_FOLDERS)
  list(TRANSFORM LOGBOOM_TEST_FOLDERS PREPEND ${CMAKE_SOURCE_DIR}/tests/unit/ OUTPUT_VARIABLE patterns)
  list(TRANSFORM patterns APPEND /*.cpp)
  foreach(plugin IN LISTS LOGBOOM_TEST_PLUGINS)
    list(APPEND patterns ${CMAKE_SOURCE_DIR}/plugins/${plugin}/tests/*.cpp)
  endforeach()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${patterns})
else()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS
    ${CMAKE_SOURCE_DIR}/tests/unit/*.cpp ${CMAKE_SOURCE_DIR}/tests/contract/*.cpp)
  file(GLOB plugin_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/plugins/*/tests/*.cpp)
  list(APPEND sources ${plugin_tests})
endif()
if(NOT sources)
  return()
endif()

add_executable(logboom_tests ${sources})
target_include_directories(logboom_tests PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit)
set_source_files_properties(${CMAKE_SOURCE_DIR}/tests/contract/plugins_test.cpp ${CMAKE_SOURCE_DIR}/tests/contract/include_arrows_test.cpp
  PROPERTIES COMPILE_DEFINITIONS LOGBOOM_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_link_libraries(logboom_tests PRIVATE logboom_core logboom_builtins GTest::gmock GTest::gtest GTest::gtest_main)

# Tests need no optimizer, and a third of their compile time is GoogleTest and the standard library.
target_compile_options(logboom_tests PRIVATE -O0)
if(LOGBOOM_FAST_BUILD)
  target_compile_options(logboom_tests PRIVATE ${LOGBOOM_PRECOMPILED_OPTIONS})
  target_precompile_headers(logboom_tests PRIVATE
    <gmock/gmock.h> <gtest/gtest.h> <algorithm> <atomic> <chrono> <deque> <filesystem> <fstream> <functional> <limits>
    <map> <memory> <mutex> <optional> <random> <set> <span> <sstream> <stdexcept> <string> <string_view> <thread>
    <unordered_map> <vector> <boost/container/small_vector.hpp>)
endif()

enable_testing()
add_test(NAME logboom_tests COMMAND logboom_tests)
