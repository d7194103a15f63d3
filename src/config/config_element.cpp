#include <logboom/config_element.hpp>

namespace logboom {
namespace {

std::string with_position(const SourcePos& pos, const std::string& message) {
  const std::string where = pos.to_string();
  return where.empty() ? message : where + ": " + message;
}

}  // namespace

std::string SourcePos::to_string() const {
  std::string out = file ? *file : std::string();
  if (line > 0) {
    if (!out.empty()) out += ':';
    out += std::to_string(line) + ':' + std::to_string(column);
  }
  return out;
}

const Attribute* Element::find(std::string_view key) const {
  for (auto it = attributes.rbegin(); it != attributes.rend(); ++it) {
    if (it->key == key) return &*it;
  }
  return nullptr;
}

std::vector<const Element*> Element::sections(std::string_view section_name) const {
  std::vector<const Element*> out;
  for (const Element& child : children) {
    if (child.name == section_name) out.push_back(&child);
  }
  return out;
}

ConfigError::ConfigError(SourcePos pos, std::string message)
    : std::runtime_error(with_position(pos, message)), pos_(std::move(pos)), message_(std::move(message)) {}

}  // namespace logboom
