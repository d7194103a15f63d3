#include "cli/docs.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace logboom {
namespace {

std::string folder_name(const PluginInfo& info) { return std::string(kind_prefix(info.kind)) + "_" + info.name; }

std::string page_name(const PluginInfo& info) { return folder_name(info) + ".md"; }

std::string a_plugin(PluginKind kind) {
  const std::string_view word = kind_word(kind);
  return std::string(word.starts_with('i') || word.starts_with('o') ? "an " : "a ") + std::string(word) + " plugin";
}

// Where a configuration names plugins of that kind.
std::string_view place_of(PluginKind kind) {
  switch (kind) {
    case PluginKind::input: return "<source>";
    case PluginKind::output: return "<match>";
    case PluginKind::filter: return "<filter>";
    case PluginKind::parser: return "<parse>";
    case PluginKind::formatter: return "<format>";
    case PluginKind::buffer: return "<buffer>";
    case PluginKind::service_discovery: return "<service_discovery>";
  }
  return {};
}

std::string joined(const std::vector<std::string>& words, std::string_view before, std::string_view after) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : ", ").append(before).append(word).append(after);
  return out;
}

// Text for Markdown: a `<` outside of code would begin HTML.
std::string markdown(std::string_view text) {
  std::string out;
  bool code = false;
  for (const char c : text) {
    code = code != (c == '`');
    if (c == '<' && !code) {
      out += "&lt;";
    } else {
      out += c;
    }
  }
  return out;
}

// Markdown that stays in one cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : markdown(text)) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string visible(std::string_view value) {
  std::string out;
  for (const char c : value) {
    switch (c) {
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      default: out += c;
    }
  }
  return out;
}

std::string default_of(const ParamInfo& info) {
  if (info.required) return "required";
  return info.default_text.empty() ? "" : "`" + visible(info.default_text) + "`";
}

std::string type_of(const ParamInfo& info) { return info.choices.empty() ? info.type : joined(info.choices, "`", "`"); }

std::string remarks(const ParamInfo& info) {
  std::string out;
  if (!info.aliases.empty()) out += " Also written " + joined(info.aliases, "`", "`") + ".";
  if (info.secret) out += " Never shown.";
  return out;
}

constexpr const char* table_head = "\n| parameter | type | default | meaning |\n|---|---|---|---|\n";

void table_of(std::ostream& out, const Schema& schema) {
  if (schema.params().empty()) return;
  out << table_head;
  for (const auto& [info, set] : schema.params()) {
    out << "| `" << info.name << "` | " << cell(type_of(info)) << " | " << cell(default_of(info)) << " | "
        << cell(info.doc) << cell(remarks(info)) << " |\n";
  }
}

void plugin_section(std::ostream& out, const SectionInfo& info) {
  out << "\nIts `@type` names " << a_plugin(*info.plugin);
  if (!info.default_plugin.empty()) {
    const std::string page = std::string(kind_prefix(*info.plugin)) + "_" + info.default_plugin;
    out << "; without it, [" << info.default_plugin << "](" << page << ".md)";
  }
  out << ".\n";
}

void body_of(std::ostream& out, const Schema& schema, const std::string& depth) {
  table_of(out, schema);
  for (const auto& [info, set] : schema.sections()) {
    out << "\n"
        << depth << " `<" << info.name << ">`\n\n"
        << markdown(info.doc) << (info.many ? " May stand more than once." : "") << "\n";
    if (info.plugin) plugin_section(out, info);
    if (!info.free_key.empty()) {
      out << table_head << "| " << cell(info.free_key) << " | string |  | " << cell(info.free_doc) << " |\n";
    }
    if (info.schema) body_of(out, info.schema(), depth + "#");
  }
}

void buffer_section(std::ostream& out, const Registry& registry) {
  out << "\n## `<buffer>`\n\nWhat happens to events until they are written:";
  std::string_view separator = " ";
  for (const PluginInfo& info : registry.list()) {
    if (info.kind != PluginKind::buffer) continue;
    out << separator << "[" << info.name << "](" << page_name(info) << ")";
    separator = ", ";
  }
  out << ".\n";
}

std::string page(const Registry& registry, const PluginInfo& info) {
  const Schema schema = info.schema();
  const std::string name = folder_name(info);
  std::ostringstream out;
  out << "<!-- Written by `./dev docs` from what plugins/" << name << " declares. -->\n# " << name << "\n\n"
      << markdown(info.summary) << "\n\nIn `" << place_of(info.kind) << "`: `@type " << info.name << "`";
  if (!info.aliases.empty()) out << ", or " << joined(info.aliases, "`@type ", "`");
  out << ". About it: [plugins/" << name << "](../../plugins/" << name << "/README.md).\n";
  if (schema.params().empty() && schema.sections().empty()) out << "\nIt has no parameters of its own.\n";
  body_of(out, schema, "##");
  if (schema.leaves_section("buffer")) buffer_section(out, registry);
  return out.str();
}

std::string index(const Registry& registry) {
  std::ostringstream out;
  out << "<!-- Written by `./dev docs`. -->\n# Plugins\n\n| plugin | in | `@type` | what it does "
         "|\n|---|---|---|---|\n";
  for (const PluginInfo& info : registry.list()) {
    std::vector<std::string> types{info.name};
    types.insert(types.end(), info.aliases.begin(), info.aliases.end());
    out << "| [" << folder_name(info) << "](" << page_name(info) << ") | `" << place_of(info.kind) << "` | "
        << joined(types, "`", "`") << " | " << cell(info.summary) << " |\n";
  }
  return out.str();
}

void help_of(std::ostream& out, const Schema& schema, const std::string& indent) {
  for (const auto& [info, set] : schema.params()) {
    out << indent << info.name << " (" << (info.choices.empty() ? info.type : joined(info.choices, "", "")) << ")";
    if (info.required) out << " required";
    if (!info.required && !info.default_text.empty()) out << " default " << visible(info.default_text);
    out << "\n" << indent << "    " << info.doc << "\n";
  }
  for (const auto& [info, set] : schema.sections()) {
    out << indent << "<" << info.name << ">";
    if (info.plugin) out << " " << a_plugin(*info.plugin);
    if (!info.default_plugin.empty()) out << ", default " << info.default_plugin;
    out << "\n" << indent << "    " << info.doc << "\n";
    if (!info.free_key.empty()) out << indent << "    " << info.free_key << ": " << info.free_doc << "\n";
    if (info.schema) help_of(out, info.schema(), indent + "    ");
  }
}

bool is_meant(const PluginInfo& info, std::string_view what) {
  std::vector<std::string> names = info.aliases;
  names.push_back(info.name);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return what == name || what == std::string(kind_word(info.kind)) + ":" + name ||
           what == std::string(kind_prefix(info.kind)) + "_" + name;
  });
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  if (!file.flush()) throw std::runtime_error("can't write " + path.string());
}

}  // namespace

std::string plugin_help(const Registry& registry, std::string_view what) {
  std::ostringstream out;
  for (const PluginInfo& info : registry.list()) {
    if (!is_meant(info, what)) continue;
    out << folder_name(info) << ": " << info.summary << "\n";
    help_of(out, info.schema(), "    ");
  }
  return out.str();
}

void write_reference(const Registry& registry, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const PluginInfo& info : registry.list()) write_file(folder / page_name(info), page(registry, info));
  write_file(folder / "README.md", index(registry));
}

}  // namespace logboom
