# How everything of ours is compiled.
find_program(LOGBOOM_CCACHE ccache)
if(LOGBOOM_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without these ccache passes over whatever uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${LOGBOOM_CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Werror)
# g++ 12 sees an overlap in `"text" + std::string` (GCC bug 105651).
add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
# libc comes first: libonig has regcomp() and regexec() of its own, with flags that mean something else to GoogleTest.
add_link_options(-Wl,--no-as-needed,-lc,--as-needed)

if(LOGBOOM_SANITIZE)
  add_compile_options(-fsanitize=${LOGBOOM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LOGBOOM_SANITIZE})
  if(LOGBOOM_SANITIZE MATCHES "thread")
    # Asio's fences are invisible to ThreadSanitizer, and g++ warns of them.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()

add_library(logboom_settings INTERFACE)
target_include_directories(logboom_settings INTERFACE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src
  ${CMAKE_BINARY_DIR}/generated)
