#include "pipeline/element_facts.hpp"

#include <logboom/log.hpp>
#include <logboom/params.hpp>

#include <stdexcept>

namespace logboom {

const Attribute* given(const Element& element, std::string_view key) {
  const Attribute* attribute = element.find(key);
  return attribute == nullptr || attribute->is_nil || attribute->is_default ? nullptr : attribute;
}

std::string type_of(const Element& element, const std::string& fallback) {
  const Attribute* type = given(element, "@type");
  if (type != nullptr && !type->value.empty()) return type->value;
  if (!fallback.empty()) return fallback;
  throw ConfigError(element.pos, cat("<", element.name, "> has no '@type': add a line that says which plugin it is"),
                    "missing-type");
}

SourcePos type_pos(const Element& element) {
  const Attribute* type = given(element, "@type");
  return type != nullptr ? type->value_pos : element.pos;
}

std::string label_named(const std::string& name) { return name == "@ROOT" ? std::string() : name; }

PatternList patterns_of(const Element& element) {
  try {
    return PatternList::compile(element.arg);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(element.pos, cat("<", element.name, " ", element.arg, ">: ", std::string_view(error.what())),
                      "bad-pattern");
  }
}

}  // namespace logboom
