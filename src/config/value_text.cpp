#include "config/value_text.hpp"

#include "config/source.hpp"

namespace logboom::config {

std::string_view value_of(const Attribute& attribute, std::string_view expected) {
  if (attribute.is_nil || attribute.is_default) {
    fail_value(attribute, "expected " + std::string(expected) + " but there is no value");
  }
  constexpr std::string_view white_space = " \t\r\n";
  std::string_view text = attribute.value;
  const std::size_t first = text.find_first_not_of(white_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

void fail_expected(const Attribute& attribute, std::string_view expected, std::string_view hint) {
  std::string message = "expected " + std::string(expected) + " but found ";
  message += attribute.value.empty() ? "nothing" : in_quotes(attribute.value);
  if (!hint.empty()) message += "; " + std::string(hint);
  if (attribute.value.starts_with('#')) message += "; a '#' right behind the name begins the value, not a comment";
  fail_value(attribute, std::move(message));
}

void fail_value(const Attribute& attribute, std::string message) {
  throw ConfigError(attribute.value_pos, "parameter " + in_quotes(attribute.key) + ": " + std::move(message));
}

}  // namespace logboom::config
