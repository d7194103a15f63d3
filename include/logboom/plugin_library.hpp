#pragma once

#include <boost/version.hpp>
#include <cstdint>
#include <vector>

#include <logboom/api_hash.hpp>
#include <logboom/plugin.hpp>

/// Plugins in a shared object of their own, built outside logboom's source against its installed headers: see
/// docs/writing-plugins.md.
///
///   LOGBOOM_PLUGIN_LIBRARY(plugins) {
///     plugins.push_back(logboom::describe_plugin<Shout>(logboom::PluginKind::filter, "shout", "Shouts."));
///   }
///
/// C++ has no stable ABI: a library fits the logboom whose headers it was compiled with, by the same compiler. What it
/// was made with stands in it, and another logboom refuses it, with a reason.

#define LOGBOOM_TEXT_OF(x) #x
#define LOGBOOM_TEXT(x) LOGBOOM_TEXT_OF(x)
#if defined(__clang__)
#define LOGBOOM_COMPILER "clang " LOGBOOM_TEXT(__clang_major__)
#elif defined(__GNUC__)
#define LOGBOOM_COMPILER "g++ " LOGBOOM_TEXT(__GNUC__)
#else
#define LOGBOOM_COMPILER "another compiler"
#endif
#ifndef _GLIBCXX_USE_CXX11_ABI
#define _GLIBCXX_USE_CXX11_ABI 0
#endif

namespace logboom {

/// The public headers' hash, and what else must be the same: the compiler, the language, the standard library's string,
/// and Boost, whose containers are in the headers.
inline constexpr const char* api_hash = LOGBOOM_API_HASH;
inline constexpr const char* api_compiler = LOGBOOM_COMPILER ", __cplusplus " LOGBOOM_TEXT(
    __cplusplus) ", _GLIBCXX_USE_CXX11_ABI " LOGBOOM_TEXT(_GLIBCXX_USE_CXX11_ABI) ", Boost " BOOST_LIB_VERSION;

/// What the symbol `logboom_plugin_library` is. This struct stays as it is, whatever else changes: it is read before it
/// is known whether the library fits.
struct LogboomPluginLibrary {
  std::uint32_t size;    // of this struct
  const char* hash;      // api_hash, when the library was compiled
  const char* compiler;  // api_compiler, then
  void (*plugins)(std::vector<PluginInfo>& list);
};

}  // namespace logboom

#define LOGBOOM_PLUGIN_LIBRARY(list)                                                                                   \
  static void logboom_list_plugins(std::vector<logboom::PluginInfo>& list);                                            \
  extern "C" __attribute__((visibility("default"))) const logboom::LogboomPluginLibrary logboom_plugin_library;        \
  const logboom::LogboomPluginLibrary logboom_plugin_library{sizeof(logboom::LogboomPluginLibrary), logboom::api_hash, \
                                                             logboom::api_compiler, logboom_list_plugins};             \
  static void logboom_list_plugins(std::vector<logboom::PluginInfo>& list)
