# Most of the time that a file of ours takes to compile goes into the headers of others. So stages and plugins share one
# precompiled header of the usual ones, and where no speed is asked for the files of a folder are compiled several at a
# time. The preset 'debug' does without both: it finds a file that doesn't include what it uses, and is the one to edit and
# build again with.
option(LOGBOOM_FAST_BUILD "Precompile the usual headers, and compile several files at a time" ON)

if(LOGBOOM_FAST_BUILD)
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cpp "")
  add_library(logboom_precompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled.cpp)
  target_link_libraries(logboom_precompiled PRIVATE Threads::Threads Boost::headers)
  target_precompile_headers(logboom_precompiled PRIVATE
    <algorithm> <array> <atomic> <charconv> <chrono> <cmath> <condition_variable> <cstdint> <cstring> <deque> <filesystem>
    <fstream> <functional> <limits> <list> <map> <memory> <mutex> <optional> <random> <set> <span> <sstream> <stdexcept>
    <string> <string_view> <system_error> <thread> <tuple> <unordered_map> <utility> <variant> <vector>
    <boost/container/small_vector.hpp>)
endif()

# Options that g++ needs once headers are precompiled: for ccache, and because g++ 12 then sees overflows in
# `std::string(n, c) + "text"`, and options that are not set.
set(LOGBOOM_PRECOMPILED_OPTIONS "")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(LOGBOOM_PRECOMPILED_OPTIONS -fpch-preprocess -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread
    -Wno-maybe-uninitialized)
endif()

# logboom_fast_build(<target> SOURCES <file>... [ALONE <name>...] [COLD]): ALONE are patterns of the files whose helpers
# have the names of others' helpers. What users run is compiled several files at a time only where it is COLD: g++ inlines
# less in large units, which made a grep half as dear again.
function(logboom_fast_build target)
  cmake_parse_arguments(PARSE_ARGV 1 build "COLD" "" "SOURCES;ALONE")
  if(NOT LOGBOOM_FAST_BUILD)
    return()
  endif()
  target_precompile_headers(${target} REUSE_FROM logboom_precompiled)
  target_link_libraries(${target} PRIVATE Boost::headers)  # for its definitions: they have to be the same
  target_compile_options(${target} PRIVATE ${LOGBOOM_PRECOMPILED_OPTIONS})
  if(NOT LOGBOOM_SANITIZE AND NOT build_COLD)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Meant for headers: several files in one look like one.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
  foreach(pattern IN LISTS build_ALONE)
    set(alone ${build_SOURCES})
    list(FILTER alone INCLUDE REGEX "/${pattern}\\.cpp$")
    set_source_files_properties(${alone} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endforeach()
endfunction()
