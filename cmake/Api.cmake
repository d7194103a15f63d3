# The hash over the public headers, by which plugins of others are told from those that fit: in the generated header
# logboom/api_hash.hpp. Headers for tests don't count.
file(GLOB LOGBOOM_HEADERS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/include/logboom/*.hpp)
list(FILTER LOGBOOM_HEADERS EXCLUDE REGEX "/testing\\.hpp$")
set(hashes "")
foreach(header IN LISTS LOGBOOM_HEADERS)
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
  file(SHA256 ${header} hash)
  get_filename_component(name ${header} NAME)
  string(APPEND hashes "${name} ${hash}\n")
endforeach()
string(SHA256 LOGBOOM_API_HASH "${hashes}")
string(SUBSTRING ${LOGBOOM_API_HASH} 0 16 LOGBOOM_API_HASH)
configure_file(${CMAKE_SOURCE_DIR}/cmake/api_hash.hpp.in ${CMAKE_BINARY_DIR}/generated/logboom/api_hash.hpp @ONLY)
