#include "config/dump.hpp"

#include "config/literal.hpp"
#include "config/source.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace logboom {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool has_control(std::string_view text) { return std::any_of(text.begin(), text.end(), is_control); }

std::string double_quoted(std::string_view text) {
  constexpr std::string_view specials("\"\\\n\r\t\f\b\0", 8);
  constexpr std::string_view letters = "\"\\nrtfb0";
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t special = specials.find(text[i]);
    if (special != std::string_view::npos) {
      out += '\\';
      out += letters[special];
    } else {
      if (text.substr(i, 2) == "#{") out += '\\';
      out += text[i];
    }
  }
  return out + "\"";
}

bool is_canonical_json(std::string_view text) {
  if (!text.starts_with('[') && !text.starts_with('{')) return false;
  if (text.find("#{") != std::string_view::npos) return false;
  try {
    const config::Source source(std::string(text), {});
    config::Cursor cursor(source);
    return config::scan_json(cursor, nullptr) == text;
  } catch (const ConfigError&) {
    return false;
  }
}

bool is_plain_value(std::string_view text) {
  if (text.empty() || has_control(text) || is_blank(text.front()) || is_blank(text.back())) return false;
  if (std::string_view("\"'[{#").find(text.front()) != std::string_view::npos) return false;
  return text.find(" #") == std::string_view::npos && text.find("#{") == std::string_view::npos;
}

// A byte from 0xEF on could be read as a byte order mark at the beginning of the text.
bool is_plain_key(std::string_view key) {
  if (key.empty() || has_control(key) || key.find(' ') != std::string_view::npos) return false;
  if (static_cast<unsigned char>(key.front()) >= 0xEF || key == "include" || key == "@include") return false;
  return std::string_view("\"'<#").find(key.front()) == std::string_view::npos;
}

bool is_plain_argument(std::string_view argument) {
  if (has_control(argument) || is_blank(argument.front()) || is_blank(argument.back())) return false;
  return argument.find_first_of(">#\"'") == std::string_view::npos;
}

std::string value_text(const Attribute& attribute) {
  if (attribute.is_nil) return "\"#{use_nil}\"";
  if (attribute.is_default) return "\"#{use_default}\"";
  if (is_secret_parameter(attribute.key)) return "xxxxxx";
  if (is_plain_value(attribute.value) || is_canonical_json(attribute.value)) return attribute.value;
  return double_quoted(attribute.value);
}

void append_contents(std::string& out, const Element& element, std::size_t indent);

void append_section(std::string& out, const Element& element, std::size_t indent) {
  out.append(indent, ' ').append("<").append(element.name);
  if (!element.arg.empty()) {
    out.append(" ").append(is_plain_argument(element.arg) ? element.arg : double_quoted(element.arg));
  }
  out.append(">\n");
  append_contents(out, element, indent + 2);
  out.append(indent, ' ').append("</").append(element.name).append(">\n");
}

void append_contents(std::string& out, const Element& element, std::size_t indent) {
  for (const Attribute& attribute : element.attributes) {
    out.append(indent, ' ');
    out.append(is_plain_key(attribute.key) ? attribute.key : double_quoted(attribute.key));
    out.append(" ").append(value_text(attribute)).append("\n");
  }
  for (const Element& child : element.children) append_section(out, child, indent);
}

}  // namespace

std::string dump(const Element& element) {
  std::string out;
  if (element.name == "ROOT") {
    append_contents(out, element, 0);
  } else {
    append_section(out, element, 0);
  }
  return out;
}

bool is_secret_parameter(std::string_view key) {
  constexpr std::array<std::string_view, 9> parts{"password",   "passphrase", "passwd",
                                                  "shared_key", "secret",     "token",
                                                  "sec_key",    "api_key",    "private_key_passphrase"};
  std::string name(key);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return name.find(part) != std::string::npos; });
}

}  // namespace logboom
