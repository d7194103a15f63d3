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

# A third of a test's compile time is GoogleTest and the standard library.
target_precompile_headers(logboom_tests PRIVATE
  <gmock/gmock.h> <gtest/gtest.h> <algorithm> <chrono> <filesystem> <fstream> <functional> <map> <memory> <optional>
  <sstream> <string> <string_view> <thread> <vector>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees overflows in `std::string(n, c) + "text"`, and options that are not set, once the header is precompiled.
  target_compile_options(logboom_tests PRIVATE -fpch-preprocess -Wno-array-bounds -Wno-stringop-overflow -Wno-maybe-uninitialized)
endif()

enable_testing()
add_test(NAME logboom_tests COMMAND logboom_tests)
