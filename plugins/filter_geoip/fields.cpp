#include "fields.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <logboom/event.hpp>
#include <logboom/json_reader.hpp>
#include <logboom/log.hpp>
#include <logboom/value_text.hpp>

namespace logboom::geoip {
namespace {

// Stands around a placeholder's number in a JSON text until it is read. No configuration has it.
constexpr char mark = '\x01';
constexpr std::string_view mark_in_json = "\\u0001";

constexpr std::pair<std::string_view, std::string_view> compat_paths[] = {
    {"city", "city.names.en"},
    {"country_code", "country.iso_code"},
    {"country_name", "country.names.en"},
    {"latitude", "location.latitude"},
    {"longitude", "location.longitude"},
    {"postal_code", "postal.code"},
    {"region", "subdivisions.0.iso_code"},
    {"region_name", "subdivisions.0.names.en"},
};

bool is_json(std::string_view text) {
  return text.size() > 2 &&
         ((text.starts_with('[') && text.ends_with(']')) || (text.starts_with('{') && text.ends_with('}')));
}

}  // namespace

/// Reads the values of one element.
class Fields::Compiler {
 public:
  Compiler(Fields& fields, const Settings& settings, const WarnFn& warn)
      : fields_(fields), settings_(settings), warn_(warn) {}

  void add(const Attribute& attribute) {
    attribute_ = &attribute;
    std::string_view value = attribute.value;
    if (value.size() > 2 && (value[0] == '\'' || value[0] == '"') && value.ends_with(value[0])) {
      value = value.substr(1, value.size() - 2);
    }
    Field field{attribute.key, {}};
    if (is_json(value)) {
      add_json(value, field);
    } else {
      add_text(parts_of(value), field);
    }
    std::erase_if(fields_.fields_, [&field](const Field& other) { return other.key == field.key; });
    fields_.fields_.push_back(std::move(field));
  }

 private:
  [[noreturn]] void refuse(std::string message) const {
    throw ConfigError(attribute_->value_pos, std::move(message), "bad-placeholder");
  }

  std::vector<Part> parts_of(std::string_view text) {
    std::vector<Part> parts;
    for (;;) {
      const std::size_t begin = text.find("${");
      if (begin == std::string_view::npos) break;
      const std::size_t end = text.find('}', begin);
      if (end == std::string_view::npos) refuse(cat("no } behind ", text.substr(begin)));
      parts.push_back({std::string(text.substr(0, begin)), placeholder(text.substr(begin, end + 1 - begin))});
      text.remove_prefix(end + 1);
    }
    parts.push_back({std::string(text), std::nullopt});
    return parts;
  }

  /// Its number.
  std::size_t placeholder(std::string_view text) {
    auto& known = fields_.placeholders_;
    const auto same = std::find_if(known.begin(), known.end(), [text](const Placeholder& p) { return p.text == text; });
    if (same != known.end()) return static_cast<std::size_t>(same - known.begin());
    const std::string_view inside = text.substr(2, text.size() - 3);
    const std::size_t bracket = inside.find('[');
    const char quote = bracket + 1 < inside.size() ? inside[bracket + 1] : '\0';
    const std::size_t key_begin = bracket + 2;
    const bool is_right = bracket != std::string_view::npos && bracket != 0 && (quote == '"' || quote == '\'') &&
                          inside.size() > key_begin + 2 && inside.ends_with(']') && inside[inside.size() - 2] == quote;
    const std::string_view path = inside.substr(0, std::min(bracket, inside.size()));
    if (!is_right || path.find(']') != std::string_view::npos) {
      refuse(cat("no placeholder of geoip: ", text, "; write ${city.names.en[\"", settings_.lookup_keys.front(),
                 "\"]}: a path in the database and, in quotes, one of geoip_lookup_keys"));
    }
    const std::string_view key = inside.substr(key_begin, inside.size() - key_begin - 2);
    known.push_back({std::string(text), Path(database_path(path)), address_of(key, text), false});
    const std::string& last = known.back().path.steps().back();
    known.back().is_coordinate = last == "latitude" || last == "longitude";
    return known.size() - 1;
  }

  std::string_view database_path(std::string_view name) const {
    if (!settings_.compat_names) return name;
    std::string names;
    for (const auto& [compat, path] : compat_paths) {
      if (compat == name) return path;
      names.append(names.empty() ? "" : ", ").append(compat);
    }
    refuse(cat("geoip2_compat has no ", name, "; it has ", names, " (or leave out backend_library)"));
  }

  std::optional<std::size_t> address_of(std::string_view key, std::string_view placeholder) const {
    const auto& keys = settings_.lookup_keys;
    const auto found = std::find(keys.begin(), keys.end(), key);
    if (found != keys.end()) return static_cast<std::size_t>(found - keys.begin());
    warn_(attribute_->value_pos,
          cat("'", key, "' is not among geoip_lookup_keys, so that ", placeholder, " is always null"));
    return std::nullopt;
  }

  void add_text(std::vector<Part> parts, Field& field) {
    if (parts.size() == 2 && parts[0].text.empty() && parts[1].text.empty()) {
      field.pieces.push_back({{}, parts[0].placeholder, {}});
    } else {
      field.pieces.push_back({{}, std::nullopt, std::move(parts)});
    }
  }

  /// Placeholders may have JSON inside, so that they are taken out before it is read.
  void add_json(std::string_view text, Field& field) {
    std::vector<Part> parts = parts_of(text);
    std::string json;
    bool in_string = false;
    bool drop_quote = false;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      std::string_view literal = parts[i].text;
      if (drop_quote) literal.remove_prefix(1);
      for (std::size_t at = 0; at < literal.size(); ++at) {
        if (literal[at] == '"') in_string = !in_string;
        if (literal[at] == '\\') ++at;
      }
      json += literal;
      if (!parts[i].placeholder) break;
      drop_quote = !in_string && literal.ends_with('\'') && parts[i + 1].text.starts_with('\'');
      if (drop_quote) json.pop_back();
      const std::string marked = cat(mark_in_json, *parts[i].placeholder, mark_in_json);
      json += in_string ? marked : cat("\"", marked, "\"");
    }
    OutBuffer bytes;
    JsonError error;
    if (!JsonReader().read(json, bytes, error)) {
      refuse(cat("the value looks like JSON and is none: ", error.message, "; quote it whole: key '", text, "'"));
    }
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    flatten({data, data + bytes.size()}, field);
  }

  void flatten(const msgpack::Value& value, Field& field) {
    const auto raw = [&field](const std::uint8_t* from, const std::uint8_t* to) {
      if (field.pieces.empty() || field.pieces.back().bytes.empty()) field.pieces.emplace_back();
      field.pieces.back().bytes.append(reinterpret_cast<const char*>(from), static_cast<std::size_t>(to - from));
    };
    if (value.type() == msgpack::Type::string && value.text().find(mark) != std::string_view::npos) {
      return add_text(marked_parts(value.text()), field);
    }
    if (value.type() != msgpack::Type::array && value.type() != msgpack::Type::map) {
      return raw(value.begin(), value.end());
    }
    raw(value.begin(), value.children());
    for (const std::uint8_t* at = value.children(); at != value.end();) {
      const std::uint8_t* end = msgpack::skip(at, value.end());
      flatten({at, end}, field);
      at = end;
    }
  }

  static std::vector<Part> marked_parts(std::string_view text) {
    std::vector<Part> parts;
    for (;;) {
      const std::size_t begin = text.find(mark);
      const std::size_t end = begin == std::string_view::npos ? begin : text.find(mark, begin + 1);
      if (end == std::string_view::npos) break;
      std::size_t number = 0;
      std::from_chars(text.data() + begin + 1, text.data() + end, number);
      parts.push_back({std::string(text.substr(0, begin)), number});
      text.remove_prefix(end + 1);
    }
    parts.push_back({std::string(text), std::nullopt});
    return parts;
  }

  Fields& fields_;
  const Settings& settings_;
  const WarnFn& warn_;
  const Attribute* attribute_ = nullptr;
};

Fields Fields::compile(const Element& element, const Settings& settings, const WarnFn& warn) {
  Fields fields;
  Compiler compiler(fields, settings, warn);
  for (const Element* section : element.sections("record")) {
    for (const Attribute& attribute : section->attributes) compiler.add(attribute);
  }
  return fields;
}

void Fields::write(std::size_t field, const Values& values, msgpack::Writer& writer, std::string& text,
                   OutBuffer& scratch) const {
  for (const Piece& piece : fields_[field].pieces) {
    if (!piece.bytes.empty()) {
      writer.raw(reinterpret_cast<const std::uint8_t*>(piece.bytes.data()), piece.bytes.size());
    } else if (piece.placeholder) {
      writer.value(values[*piece.placeholder]);
    } else {
      text.clear();
      for (const Part& part : piece.parts) {
        text += part.text;
        if (part.placeholder) text += value_text(values[*part.placeholder], scratch);
      }
      writer.string(text);
    }
  }
}

}  // namespace logboom::geoip
