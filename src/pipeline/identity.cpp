#include "pipeline/identity.hpp"

#include <logboom/log.hpp>

namespace logboom {

namespace {

void append_text(std::string& out, std::string_view text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

void append_content(std::string& out, const Element& element) {
  for (const Attribute& attribute : element.attributes) {
    append_text(out, attribute.key);
    out += attribute.is_nil ? '-' : attribute.is_default ? '~' : '=';
    append_text(out, attribute.value);
  }
  for (const Element& child : element.children) {
    out += '<';
    append_text(out, child.name);
    append_text(out, child.arg);
    append_content(out, child);
    out += '>';
  }
}

}  // namespace

std::string content_of(const Element& element) {
  std::string out;
  append_content(out, element);
  return out;
}

std::string permissions_of(const SystemSettings& system) {
  const auto bits = [](const std::optional<FileMode>& mode) { return mode ? std::to_string(mode->bits) : "-"; };
  return cat(" ", bits(system.file_permission), " ", bits(system.dir_permission));
}

std::string identity_of(PluginKind kind, std::string_view type, std::string_view given_id, std::string_view content) {
  const int number = static_cast<int>(kind);
  if (!given_id.empty()) return cat(number, " @id ", given_id);
  return cat(number, " ", type, " ", content);
}

}  // namespace logboom
