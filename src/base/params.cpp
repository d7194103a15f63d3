#include <logboom/params.hpp>

#include "base/suggest.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace logboom {
namespace {

bool names_param(const ParamInfo& info, std::string_view key) {
  return info.name == key || std::find(info.aliases.begin(), info.aliases.end(), key) != info.aliases.end();
}

const Schema::Param* find_param(const std::vector<Schema::Param>& params, std::string_view key) {
  const auto found =
      std::find_if(params.begin(), params.end(), [&](const auto& p) { return names_param(p.info, key); });
  return found == params.end() ? nullptr : &*found;
}

const Schema::Section* find_section(const std::vector<Schema::Section>& sections, std::string_view name) {
  const auto found = std::find_if(sections.begin(), sections.end(), [&](const auto& s) { return s.info.name == name; });
  return found == sections.end() ? nullptr : &*found;
}

// Of the lines that set a parameter, under its name or an alias, the one that counts.
const Attribute* last_of(const Element& element, const ParamInfo& info) {
  const auto found = std::find_if(element.attributes.rbegin(), element.attributes.rend(),
                                  [&](const Attribute& a) { return names_param(info, a.key); });
  return found == element.attributes.rend() || found->is_default ? nullptr : &*found;
}

std::string section_text(const Element& element) {
  std::string out = "<" + element.name;
  if (!element.arg.empty()) out += " " + element.arg;
  return out + ">";
}

void set_param(const Schema::Param& param, const Element& element, void* options, const WarnFn& warn) {
  const Attribute* attribute = last_of(element, param.info);
  if (param.info.required && (attribute == nullptr || attribute->is_nil)) {
    const Attribute* const named = attribute != nullptr ? attribute : element.find(param.info.name);
    throw ConfigError(named == nullptr ? element.pos : named->value_pos,
                      "parameter '" + param.info.name + "' is required in " + section_text(element),
                      "missing-parameter");
  }
  if (attribute == nullptr) return;
  std::string note;
  try {
    param.set(options, *attribute, &note);
  } catch (const ConfigError& error) {
    throw ConfigError(error.pos(), error.message(), error.rule().empty() ? "bad-value" : error.rule());
  }
  if (!note.empty()) warn(attribute->value_pos, "parameter '" + attribute->key + "': " + note);
}

void warn_of_unknown_params(const Schema& schema, const Element& element, const WarnFn& warn) {
  std::vector<std::string> names;
  for (const Schema::Param& param : schema.params()) {
    names.push_back(param.info.name);
    names.insert(names.end(), param.info.aliases.begin(), param.info.aliases.end());
  }
  for (const Attribute& attribute : element.attributes) {
    const std::string& key = attribute.key;
    if (key.starts_with('@') || schema.leaves_section(key) || find_param(schema.params(), key) != nullptr) continue;
    warn(attribute.key_pos,
         "unknown parameter '" + key + "' in " + section_text(element) + " is ignored" + did_you_mean(key, names));
  }
}

void set_sections(const Schema& schema, const Element& element, void* options, const WarnFn& warn,
                  ConfigErrorCollector& errors) {
  std::vector<std::string> names;
  for (const Schema::Section& section : schema.sections()) names.push_back(section.info.name);
  std::vector<const Schema::Section*> seen;
  for (const Element& child : element.children) {
    const Schema::Section* section = find_section(schema.sections(), child.name);
    if (section == nullptr) {
      if (schema.leaves_section(child.name)) continue;
      warn(child.pos, "unknown section <" + child.name + "> in " + section_text(element) + " is ignored" +
                          did_you_mean(child.name, names));
      continue;
    }
    const bool again = std::find(seen.begin(), seen.end(), section) != seen.end();
    if (again && !section->info.many) {
      errors.add(ConfigError(child.pos, "section <" + child.name + "> may stand only once in " + section_text(element),
                             "duplicate-section"));
    }
    seen.push_back(section);
    errors.attempt([&] { section->set(options, child, warn); });
  }
}

// A whole number with the largest unit that divides it; `units` from the largest to the smallest.
template <std::size_t N>
std::string with_unit(std::uint64_t count, const std::array<std::pair<std::uint64_t, std::string_view>, N>& units) {
  for (const auto& [factor, unit] : units) {
    if (count != 0 && count % factor == 0) return std::to_string(count / factor) + std::string(unit);
  }
  return std::to_string(count) + std::string(units.back().second);
}

constexpr std::array<std::pair<std::uint64_t, std::string_view>, 5> size_units{
    {{1ULL << 40, "t"}, {1ULL << 30, "g"}, {1ULL << 20, "m"}, {1ULL << 10, "k"}, {1, ""}}};

constexpr std::array<std::pair<std::uint64_t, std::string_view>, 7> time_units{{{86'400'000'000'000, "d"},
                                                                                {3'600'000'000'000, "h"},
                                                                                {60'000'000'000, "m"},
                                                                                {1'000'000'000, "s"},
                                                                                {1'000'000, "ms"},
                                                                                {1'000, "us"},
                                                                                {1, "ns"}}};

template <class Range, class Text>
std::string comma_list(const Range& range, Text text) {
  std::string out;
  for (const auto& member : range) {
    if (!out.empty()) out += ',';
    out += text(member);
  }
  return out;
}

}  // namespace

void Schema::apply(const Element& element, void* options, const WarnFn& warn) const {
  warn_of_unknown_params(*this, element, warn);
  ConfigErrorCollector errors;
  for (const Param& param : params_) errors.attempt([&] { set_param(param, element, options, warn); });
  set_sections(*this, element, options, warn, errors);
  errors.throw_if_any();
}

bool Schema::leaves_section(std::string_view name) const {
  // Who has a <buffer> may have a <secondary>.
  const std::string_view wanted = name == "secondary" ? "buffer" : name;
  return std::find(left_sections_.begin(), left_sections_.end(), wanted) != left_sections_.end();
}

namespace detail {

void read(const Attribute& attribute, bool& out, std::string*) { out = config_value::boolean(attribute); }
void read(const Attribute& attribute, std::int64_t& out, std::string*) { out = config_value::integer(attribute); }
void read(const Attribute& attribute, double& out, std::string*) { out = config_value::real(attribute); }
void read(const Attribute& attribute, std::string& out, std::string*) { out = attribute.value; }
void read(const Attribute& attribute, ByteSize& out, std::string* note) {
  out.bytes = config_value::size(attribute, note);
}
void read(const Attribute& attribute, FileMode& out, std::string*) { out.bits = config_value::octal_mode(attribute); }
void read(const Attribute& attribute, std::chrono::nanoseconds& out, std::string* note) {
  out = config_value::time(attribute, note);
}
void read(const Attribute& attribute, std::vector<std::string>& out, std::string*) {
  out = config_value::array(attribute);
}
void read(const Attribute& attribute, StringPairs& out, std::string*) { out = config_value::hash(attribute); }
void read(const Attribute& attribute, config_value::Regexp& out, std::string*) {
  out = config_value::regexp(attribute);
}

std::string show(bool value) { return value ? "true" : "false"; }
std::string show(std::int64_t value) { return std::to_string(value); }

std::string show(double value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string show(const std::string& value) { return value; }
std::string show(ByteSize value) { return with_unit(value.bytes, size_units); }

std::string show(FileMode value) {
  std::array<char, 16> text{};
  return "0" + std::string(text.data(), std::to_chars(text.data(), text.data() + text.size(), value.bits, 8).ptr);
}

std::string show(std::chrono::nanoseconds value) {
  if (value.count() == 0) return "0s";
  const bool negative = value.count() < 0;
  const auto bits = static_cast<std::uint64_t>(value.count());
  return (negative ? "-" : "") + with_unit(negative ? 0 - bits : bits, time_units);
}

std::string show(const std::vector<std::string>& value) {
  return comma_list(value, [](const std::string& member) { return member; });
}

std::string show(const StringPairs& value) {
  return comma_list(value, [](const auto& member) { return member.first + ":" + member.second; });
}

std::string show(const config_value::Regexp& value) {
  if (value.source.empty()) return {};
  std::string out = "/" + value.source + "/";
  if (value.ignore_case) out += 'i';
  if (value.multiline) out += 'm';
  if (value.extended) out += 'x';
  return out;
}

std::string type_name(const bool*) { return "bool"; }
std::string type_name(const std::int64_t*) { return "integer"; }
std::string type_name(const double*) { return "number"; }
std::string type_name(const std::string*) { return "string"; }
std::string type_name(const ByteSize*) { return "size"; }
std::string type_name(const FileMode*) { return "file mode"; }
std::string type_name(const std::chrono::nanoseconds*) { return "time"; }
std::string type_name(const std::vector<std::string>*) { return "list"; }
std::string type_name(const StringPairs*) { return "map"; }
std::string type_name(const config_value::Regexp*) { return "regexp"; }

void out_of_range(const Attribute& attribute, std::int64_t low, std::int64_t high) {
  throw ConfigError(attribute.value_pos, "parameter '" + attribute.key + "': expected an integer from " + show(low) +
                                             " to " + show(high) + " but found '" + attribute.value + "'");
}

void not_a_choice(const Attribute& attribute, const std::vector<std::string>& choices) {
  const std::vector<std::string_view> allowed(choices.begin(), choices.end());
  config_value::enumeration(attribute, allowed);
  throw ConfigError(attribute.value_pos, "parameter '" + attribute.key + "': expected one of " +
                                             comma_list(choices, [](const std::string& word) { return word; }) +
                                             " without white space around it");
}

}  // namespace detail
}  // namespace logboom
