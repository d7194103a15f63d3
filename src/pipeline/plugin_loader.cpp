#include "pipeline/plugin_loader.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <optional>

#include <logboom/plugin_library.hpp>

namespace logboom {

namespace {

namespace fs = std::filesystem;

constexpr const char* symbol = "logboom_plugin_library";

struct Named {
  PluginKind kind;
  std::string name;
};

/// What a file of this name is expected to be: "filter_shout" is the filter "shout".
std::optional<Named> named_by(const fs::path& file) {
  const std::string stem = file.stem().string();
  for (const PluginKind kind : {PluginKind::input, PluginKind::output, PluginKind::filter, PluginKind::parser,
                                PluginKind::formatter, PluginKind::buffer, PluginKind::service_discovery}) {
    const std::string prefix = cat(kind_prefix(kind), "_");
    if (stem.size() > prefix.size() && stem.starts_with(prefix)) return Named{kind, stem.substr(prefix.size())};
  }
  return std::nullopt;
}

bool has(const std::vector<PluginInfo>& plugins, PluginKind kind, std::string_view name) {
  return std::any_of(plugins.begin(), plugins.end(), [&](const PluginInfo& info) {
    return info.kind == kind &&
           (info.name == name || std::find(info.aliases.begin(), info.aliases.end(), name) != info.aliases.end());
  });
}

/// Why the library does not fit this program; empty if it does.
std::string misfit(const LogboomPluginLibrary& library) {
  if (library.size != sizeof(LogboomPluginLibrary))
    return "it is of another kind: build it anew with this logboom's headers";
  if (std::strcmp(library.compiler, api_compiler) != 0) {
    return cat("it was compiled with ", std::string_view(library.compiler), ", and logboom with ",
               std::string_view(api_compiler), ": build it anew with the same compiler and options");
  }
  if (std::strcmp(library.hash, api_hash) != 0) {
    return cat("it was built with headers of another logboom (", std::string_view(library.hash), ", here ",
               std::string_view(api_hash), "): build it anew with this one's");
  }
  return {};
}

/// A library of another ABI may miss a function before what it says of itself can be read.
std::string with_cause(std::string why) {
  if (why.find("undefined symbol") == std::string::npos) return why;
  return cat(why, ": it was built for another logboom, or with another compiler or other options than logboom (",
             std::string_view(api_compiler), "); build it anew with these");
}

class Loader {
 public:
  explicit Loader(std::vector<PluginInfo> builtins) { result_.plugins = std::move(builtins); }

  void load_folder(const std::string& folder) {
    std::error_code error;
    std::vector<fs::path> files;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) files.push_back(*at);
    if (error) return warn(cat("plugin folder ", folder, ": ", error.message()));
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      if (file.extension() == ".so") load(file);
      if (file.extension() == ".rb") pass_over_ruby(file);
    }
  }
  LoadedPlugins take() { return std::move(result_); }

 private:
  void warn(std::string text) { result_.warnings.push_back(std::move(text)); }

  void refuse(const fs::path& file, const std::string& why) {
    const std::string text = cat("plugin ", file.string(), " is not loaded: ", why);
    if (const auto named = named_by(file)) result_.refused.push_back({named->kind, named->name, text});
    warn(text);
  }

  void load(const fs::path& file) {
    void* const handle = ::dlopen(fs::absolute(file).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      const char* const why = ::dlerror();
      return refuse(file, why != nullptr ? with_cause(why) : "it can't be opened");
    }
    const auto* library = static_cast<const LogboomPluginLibrary*>(::dlsym(handle, symbol));
    if (library == nullptr) {
      return refuse(file, cat("it has no symbol ", std::string_view(symbol),
                              ", which LOGBOOM_PLUGIN_LIBRARY defines: it is no plugin of logboom"));
    }
    if (const std::string why = misfit(*library); !why.empty()) return refuse(file, why);
    std::vector<PluginInfo> plugins;
    try {
      library->plugins(plugins);
    } catch (const std::exception& error) {
      return refuse(file, error.what());
    }
    for (PluginInfo& info : plugins) add(file, std::move(info));
  }

  void add(const fs::path& file, PluginInfo info) {
    std::vector<std::string> names = info.aliases;
    names.push_back(info.name);
    for (const std::string& name : names) {
      if (!has(result_.plugins, info.kind, name)) continue;
      return warn(cat("plugin ", file.string(), ": there is a ", kind_word(info.kind), " plugin '", name,
                      "' already, which stays"));
    }
    result_.plugins.push_back(std::move(info));
  }

  void pass_over_ruby(const fs::path& file) {
    const std::string text = cat("plugin ", file.string(), " is not loaded: it is Ruby, which logboom does not run");
    const auto named = named_by(file);
    if (!named) return warn(text);
    if (has(result_.plugins, named->kind, named->name))
      return warn(cat(text, "; the built-in ", kind_word(named->kind), " plugin '", named->name, "' takes its place"));
    warn(cat(text, ", and there is no built-in ", kind_word(named->kind), " plugin '", named->name, "'"));
    result_.refused.push_back({named->kind, named->name, text});
  }

  LoadedPlugins result_;
};

}  // namespace

LoadedPlugins load_plugins(std::vector<PluginInfo> builtins, const std::vector<std::string>& folders) {
  Loader loader(std::move(builtins));
  for (const std::string& folder : folders) loader.load_folder(folder);
  return loader.take();
}

}  // namespace logboom
