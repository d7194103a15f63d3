#include "tag_format.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <logboom/log.hpp>

namespace logboom::in_syslog {

namespace {

constexpr unsigned most_steps = 4000;  // of trying; beyond that a tag counts as none of the format
constexpr std::size_t most_fields = 12;

struct Known {
  std::string_view name;
  std::string_view key;
  TagFormat::Part::Kind kind;
};
using Kind = TagFormat::Part::Kind;
constexpr std::array<Known, 9> known{{{"ID", "container_id", Kind::short_id},
                                      {"FullID", "container_id", Kind::full_id},
                                      {"Name", "container_name", Kind::name},
                                      {"ImageID", "image_id", Kind::short_id},
                                      {"ImageFullID", "image_id", Kind::any},
                                      {"ImageName", "image_name", Kind::any},
                                      {"Command", "command", Kind::any},
                                      {"Hostname", "hostname", Kind::any},
                                      {"DaemonName", "daemon_name", Kind::name}}};

std::string_view trimmed(std::string_view text) noexcept {
  while (text.starts_with(' ') || text.starts_with('-')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('-')) text.remove_suffix(1);
  return text;
}

bool is_hex(char c) noexcept { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool is_in_name(char c) noexcept {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

}  // namespace

TagFormat::TagFormat(std::string_view format) {
  while (!format.empty()) {
    const std::size_t open = format.find("{{");
    if (open != 0) parts_.push_back({Part::Kind::literal, std::string(format.substr(0, open))});
    if (open == std::string_view::npos) break;
    const std::size_t close = format.find("}}", open);
    if (close == std::string_view::npos) throw std::invalid_argument("tag_format: '{{' without '}}'");
    if (!parts_.empty() && parts_.back().kind != Part::Kind::literal) {
      throw std::invalid_argument("tag_format: two fields need a text between them, to be told apart");
    }
    add_field(trimmed(format.substr(open + 2, close - open - 2)));
    format.remove_prefix(close + 2);
  }
  if (fields_ == 0 || fields_ > most_fields) throw std::invalid_argument("tag_format needs 1 to 12 fields");
}

void TagFormat::add_field(std::string_view expression) {
  ++fields_;
  static constexpr std::string_view label = "index .ContainerLabels \"";
  if (expression.starts_with(label) && expression.ends_with('"') && expression.size() > label.size() + 1) {
    const std::string_view name = expression.substr(label.size(), expression.size() - label.size() - 1);
    parts_.push_back({Part::Kind::any, std::string(name)});
    return;
  }
  const auto found = std::find_if(known.begin(), known.end(), [expression](const Known& each) {
    return expression.starts_with('.') && expression.substr(1) == each.name;
  });
  if (found == known.end()) {
    throw std::invalid_argument(
        cat("tag_format: '{{", expression,
            "}}' is none of {{.ID}}, {{.FullID}}, {{.Name}}, {{.ImageID}}, "
            "{{.ImageFullID}}, {{.ImageName}}, {{.Command}}, {{.Hostname}}, {{.DaemonName}} and "
            "{{index .ContainerLabels \"NAME\"}}"));
  }
  parts_.push_back({found->kind, std::string(found->key)});
}

bool TagFormat::split(std::string_view tag, Field* fields) const noexcept {
  unsigned steps = 0;
  return match(0, tag, fields, steps);
}

bool TagFormat::match(std::size_t part, std::string_view rest, Field* field, unsigned& steps) const noexcept {
  if (part == parts_.size()) return rest.empty();
  if (++steps > most_steps) return false;
  const Part& here = parts_[part];
  switch (here.kind) {
    case Part::Kind::literal:
      return rest.starts_with(here.text) && match(part + 1, rest.substr(here.text.size()), field, steps);
    case Part::Kind::short_id:
    case Part::Kind::full_id: {
      const std::size_t size = here.kind == Part::Kind::short_id ? 12 : 64;
      if (rest.size() < size || !std::all_of(rest.begin(), rest.begin() + size, is_hex)) return false;
      *field = {here.text, rest.substr(0, size)};
      return match(part + 1, rest.substr(size), field + 1, steps);
    }
    default: return match_any(part, rest, field, steps);
  }
}

/// A part that may be of any length ends at the next part, which is a literal or the end.
bool TagFormat::match_any(std::size_t part, std::string_view rest, Field* field, unsigned& steps) const noexcept {
  const Part& here = parts_[part];
  const bool last = part + 1 == parts_.size();
  std::size_t size = last ? rest.size() : rest.find(parts_[part + 1].text);
  while (size != std::string_view::npos) {
    const std::string_view value = rest.substr(0, size);
    const bool fits = here.kind != Part::Kind::name || std::all_of(value.begin(), value.end(), is_in_name);
    *field = {here.text, value};
    if (fits && !value.empty() && match(part + 1, rest.substr(size), field + 1, steps)) return true;
    if (last || steps > most_steps) return false;
    size = rest.find(parts_[part + 1].text, size + 1);
  }
  return false;
}

}  // namespace logboom::in_syslog
