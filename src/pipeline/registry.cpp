#include "pipeline/registry.hpp"

#include "base/suggest.hpp"

#include <algorithm>
#include <stdexcept>
#include <tuple>

namespace logboom {
namespace {

bool has_name(const PluginInfo& info, PluginKind kind, std::string_view type) {
  return info.kind == kind &&
         (info.name == type || std::find(info.aliases.begin(), info.aliases.end(), type) != info.aliases.end());
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

std::string_view kind_word(PluginKind kind) {
  switch (kind) {
    case PluginKind::input: return "input";
    case PluginKind::output: return "output";
    case PluginKind::filter: return "filter";
    case PluginKind::parser: return "parser";
    case PluginKind::formatter: return "formatter";
    case PluginKind::buffer: return "buffer";
    case PluginKind::service_discovery: return "service discovery";
  }
  return {};
}

std::string_view kind_prefix(PluginKind kind) {
  switch (kind) {
    case PluginKind::input: return "in";
    case PluginKind::output: return "out";
    case PluginKind::filter: return "filter";
    case PluginKind::parser: return "parser";
    case PluginKind::formatter: return "formatter";
    case PluginKind::buffer: return "buf";
    case PluginKind::service_discovery: return "sd";
  }
  return {};
}

Registry::Registry(std::vector<PluginInfo> plugins, std::vector<RefusedPlugin> refused)
    : plugins_(std::move(plugins)), refused_(std::move(refused)) {
  std::sort(plugins_.begin(), plugins_.end(),
            [](const auto& a, const auto& b) { return std::tie(a.kind, a.name) < std::tie(b.kind, b.name); });
  for (const PluginInfo& info : plugins_) {
    std::vector<std::string> all = info.aliases;
    all.push_back(info.name);
    for (const std::string& name : all) {
      if (lookup(info.kind, name) == &info) continue;
      throw std::logic_error("two plugins are called " + std::string(kind_prefix(info.kind)) + "_" + name);
    }
  }
}

const PluginInfo& Registry::find(PluginKind kind, std::string_view type, const SourcePos& where) const {
  if (const PluginInfo* found = lookup(kind, type)) return *found;
  for (const RefusedPlugin& refused : refused_) {
    if (refused.kind == kind && refused.name == type) {
      throw ConfigError(
          where, "unknown " + std::string(kind_word(kind)) + " plugin '" + std::string(type) + "': " + refused.reason,
          "unknown-plugin");
    }
  }
  throw ConfigError(where,
                    "unknown " + std::string(kind_word(kind)) + " plugin '" + std::string(type) + "'" +
                        did_you_mean(type, names(kind, true)) + "; known: " + joined(names(kind, true)),
                    "unknown-plugin");
}

const PluginInfo* Registry::lookup(PluginKind kind, std::string_view type) const {
  const auto found =
      std::find_if(plugins_.begin(), plugins_.end(), [&](const auto& p) { return has_name(p, kind, type); });
  return found == plugins_.end() ? nullptr : &*found;
}

std::vector<std::string> Registry::names(PluginKind kind, bool with_aliases) const {
  std::vector<std::string> out;
  for (const PluginInfo& info : plugins_) {
    if (info.kind != kind) continue;
    out.push_back(info.name);
    if (with_aliases) out.insert(out.end(), info.aliases.begin(), info.aliases.end());
  }
  return out;
}

}  // namespace logboom
