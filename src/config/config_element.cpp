#include <logboom/config_element.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace logboom {
namespace {

std::string with_position(const SourcePos& pos, const std::string& message) {
  const std::string where = pos.to_string();
  return where.empty() ? message : where + ": " + message;
}

std::string joined(const std::vector<ConfigError>& errors) {
  std::string out;
  for (const ConfigError& error : errors) {
    if (!out.empty()) out += '\n';
    out += error.what();
  }
  return out;
}

auto key(const ConfigError& error) {
  const SourcePos& pos = error.pos();
  return std::tuple(pos.file ? std::string_view(*pos.file) : std::string_view(), pos.line, pos.column,
                    std::string_view(error.message()));
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

ConfigError::ConfigError(SourcePos pos, std::string message, std::string rule)
    : std::runtime_error(with_position(pos, message)),
      pos_(std::move(pos)),
      message_(std::move(message)),
      rule_(std::move(rule)) {}

ConfigError::ConfigError(const std::string& what, const ConfigError& first)
    : std::runtime_error(what), pos_(first.pos_), message_(first.message_), rule_(first.rule_) {}

ConfigErrors::ConfigErrors(std::vector<ConfigError> errors)
    : ConfigError(joined(errors), errors.front()), all_(std::move(errors)) {}

void ConfigErrorCollector::add(const ConfigError& error) {
  const auto* several = dynamic_cast<const ConfigErrors*>(&error);
  if (several == nullptr) return errors_.push_back(error);
  errors_.insert(errors_.end(), several->all().begin(), several->all().end());
}

std::vector<ConfigError> ConfigErrorCollector::take() {
  std::vector<ConfigError> all = std::exchange(errors_, {});
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return key(a) < key(b); });
  const auto same = [](const auto& a, const auto& b) { return key(a) == key(b); };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  return all;
}

void ConfigErrorCollector::throw_if_any() {
  std::vector<ConfigError> all = take();
  if (all.empty()) return;
  if (all.size() == 1) throw ConfigError(all.front());
  throw ConfigErrors(std::move(all));
}

}  // namespace logboom
