#include <logboom/config_element.hpp>

#include "config/dump.hpp"
#include "config/parser.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using logboom::Attribute;
using logboom::ConfigError;
using logboom::Element;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

logboom::ParseOptions options() {
  logboom::ParseOptions out;
  out.env = [](std::string_view name) -> std::optional<std::string> {
    if (name.starts_with('U')) return std::nullopt;
    return "value of \"" + std::string(name) + "\"";
  };
  out.hostname = "host";
  out.allow_include = false;
  return out;
}

void require_same(const Element& a, const Element& b) {
  require(a.name == b.name && a.arg == b.arg, "a section keeps its name and argument");
  require(a.attributes.size() == b.attributes.size(), "a section keeps its parameters");
  require(a.children.size() == b.children.size(), "a section keeps its children");
  for (std::size_t i = 0; i < a.attributes.size(); ++i) {
    const Attribute& x = a.attributes[i];
    const Attribute& y = b.attributes[i];
    require(x.key == y.key && x.is_nil == y.is_nil && x.is_default == y.is_default, "a parameter stays what it is");
    require(x.value == y.value || logboom::is_secret_parameter(x.key), "a parameter keeps its value");
  }
  for (std::size_t i = 0; i < a.children.size(); ++i) require_same(a.children[i], b.children[i]);
}

template <class Read>
void convert(Read read) {
  try {
    read();
  } catch (const ConfigError& error) {
    require(error.pos().line > 0 && error.pos().column > 0, "an error has a position");
  }
}

void convert_values(const Element& element) {
  namespace value = logboom::config_value;
  constexpr std::array<std::string_view, 2> allowed{"interval", "lazy"};
  for (const Attribute& attribute : element.attributes) {
    std::string note;
    convert([&] { value::integer(attribute); });
    convert([&] { value::real(attribute); });
    convert([&] { value::boolean(attribute); });
    convert([&] { value::size(attribute, &note); });
    convert([&] { value::time(attribute, &note); });
    convert([&] { value::array(attribute); });
    convert([&] { value::hash(attribute); });
    convert([&] { value::octal_mode(attribute); });
    convert([&] { value::regexp(attribute); });
    convert([&] { value::enumeration(attribute, allowed); });
  }
  for (const Element& child : element.children) convert_values(child);
}

}  // namespace

// What a configuration in YAML gives has a position, and says the same in v1.
void read_yaml(std::string_view text) {
  logboom::ParseOptions yaml = options();
  yaml.type = logboom::ConfigType::yaml;
  Element first;
  try {
    first = logboom::parse_text(text, "fuzz.yaml", {}, yaml);
  } catch (const ConfigError& error) {
    require(error.pos().line > 0 && error.pos().column > 0, "an error has a position");
    return;
  }
  convert_values(first);
  try {
    require_same(first, logboom::parse_text(logboom::dump(first), "dump.conf", {}, options()));
  } catch (const ConfigError& error) {
    std::fprintf(stderr, "%s\n%s\n", error.what(), logboom::dump(first).c_str());
    require(false, "a dump of YAML can be parsed");
  }
}

// Only ConfigError, with a position, may come out of the parser and the conversions; and what was dumped parses to the
// same elements, and dumps to the same text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const logboom::ParseOptions parse_options = options();
  read_yaml(text);
  Element first;
  try {
    first = logboom::parse_text(text, "fuzz.conf", {}, parse_options);
  } catch (const ConfigError& error) {
    require(error.pos().line > 0 && error.pos().column > 0, "an error has a position");
    return 0;
  }
  convert_values(first);
  const std::string dumped = logboom::dump(first);
  try {
    const Element second = logboom::parse_text(dumped, "dump.conf", {}, parse_options);
    require_same(first, second);
    require(logboom::dump(second) == dumped, "dumping is stable");
  } catch (const ConfigError& error) {
    std::fprintf(stderr, "%s\n%s\n", error.what(), dumped.c_str());
    require(false, "a dump can be parsed");
  }
  return 0;
}
