# The program, and what plugins of others are built with: find_package(logboom).
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

# What plugins find in the program: all of logboom's own symbols, and no others.
target_link_options(logboom PRIVATE -Wl,--dynamic-list=${CMAKE_SOURCE_DIR}/cmake/plugin_symbols.list)
set_property(TARGET logboom APPEND PROPERTY LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/plugin_symbols.list)

set(LOGBOOM_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/logboom)
install(TARGETS logboom RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/logboom DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_BINARY_DIR}/generated/logboom/api_hash.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/logboom)
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/logboomConfig.cmake.in ${CMAKE_BINARY_DIR}/generated/logboomConfig.cmake
  INSTALL_DESTINATION ${LOGBOOM_CMAKE_DIR} PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/generated/logboomConfigVersion.cmake COMPATIBILITY ExactVersion)
install(FILES ${CMAKE_BINARY_DIR}/generated/logboomConfig.cmake ${CMAKE_BINARY_DIR}/generated/logboomConfigVersion.cmake
  DESTINATION ${LOGBOOM_CMAKE_DIR})
