# logboom_stage(<name> [LINK <library>...] [ALONE <pattern>...]): src/<name>/*.cpp become the object library
# logboom_<name>. A folder without sources is skipped. ALONE: see logboom_fast_build(). logboom_core has them all.
add_library(logboom_core INTERFACE)
target_link_libraries(logboom_core INTERFACE logboom_settings Threads::Threads)

function(logboom_stage name)
  cmake_parse_arguments(PARSE_ARGV 1 stage "" "" "LINK;ALONE")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  set(target logboom_${name})
  add_library(${target} OBJECT ${sources})
  target_link_libraries(${target} PUBLIC logboom_settings Threads::Threads ${stage_LINK})
  logboom_fast_build(${target} SOURCES ${sources} ALONE ${stage_ALONE})
  target_sources(logboom_core INTERFACE $<TARGET_OBJECTS:${target}>)
  target_link_libraries(logboom_core INTERFACE ${stage_LINK})
endfunction()
