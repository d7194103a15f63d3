#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <logboom/config_element.hpp>
#include <logboom/plugin.hpp>

namespace logboom {

/// Every plugin folder's description. The build makes this list from the folders of plugins/.
std::vector<PluginInfo> builtin_plugins();

/// "output" for `<match>` and `<store>`, and so on: the word for people.
std::string_view kind_word(PluginKind kind);
/// "out", the first part of a plugin folder's name.
std::string_view kind_prefix(PluginKind kind);

/// A plugin that is there and could not be loaded.
struct RefusedPlugin {
  PluginKind kind;
  std::string name;
  std::string reason;  // a sentence that names the file
};

/// The plugins that a configuration may name. Immutable once made; threads: any.
class Registry {
 public:
  /// Throws std::logic_error where two plugins of one kind have the same name or alias.
  explicit Registry(std::vector<PluginInfo> plugins, std::vector<RefusedPlugin> refused = {});

  /// By name or alias. Throws ConfigError at `where`, which names near plugins and lists those that there are. The
  /// reference is valid as long as the registry.
  const PluginInfo& find(PluginKind kind, std::string_view type, const SourcePos& where) const;

  /// The same, or nullptr.
  const PluginInfo* lookup(PluginKind kind, std::string_view type) const;

  /// Sorted by kind and name.
  const std::vector<PluginInfo>& list() const noexcept { return plugins_; }

 private:
  std::vector<std::string> names(PluginKind kind, bool with_aliases) const;

  std::vector<PluginInfo> plugins_;
  std::vector<RefusedPlugin> refused_;
};

}  // namespace logboom
