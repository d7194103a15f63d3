#include <charconv>
#include <cmath>

#include <logboom/json.hpp>

#include "base/expression_machine.hpp"
#include "base/expression_text.hpp"

namespace logboom::expression {
namespace {

constexpr std::string_view class_names[] = {"String", "Symbol", "Integer",  "Float",     "Numeric",
                                            "Hash",   "Array",  "NilClass", "TrueClass", "FalseClass",
                                            "Time",   "Regexp", "Range",    "MatchData", "Object"};

void put_integer(std::int64_t value, OutBuffer& out) {
  char* const begin = out.reserve(24);
  out.commit(static_cast<std::size_t>(std::to_chars(begin, begin + 24, value).ptr - begin));
}

void put_float(double value, OutBuffer& out) {
  if (std::isnan(value)) return out.append("NaN");
  if (std::isinf(value)) return out.append(value < 0 ? "-Infinity" : "Infinity");
  append_json_number(out, value);
}

void put_quoted(std::string_view text, OutBuffer& out) {
  static constexpr std::string_view specials = "\"\\\n\t\r\x1b\f\v\b\a";
  static constexpr std::string_view names = "\"\\ntrefvba";
  out.append('"');
  for (std::size_t at = 0; at < text.size();) {
    bool valid = false;
    const std::size_t size = character_size(text.substr(at), valid);
    const char c = text[at];
    const std::size_t special = specials.find(c);
    const bool hash =
        c == '#' && at + 1 < text.size() && std::string_view("{$@").find(text[at + 1]) != std::string_view::npos;
    if (special != std::string_view::npos || hash) {
      out.append('\\');
      out.append(hash ? '#' : names[special]);
    } else if (!valid || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      static constexpr char digits[] = "0123456789ABCDEF";
      out.append("\\x");
      out.append(digits[static_cast<unsigned char>(c) >> 4]);
      out.append(digits[static_cast<unsigned char>(c) & 15]);
    } else {
      out.append(text.substr(at, size));
    }
    at += size;
  }
  out.append('"');
}

bool is_plain_symbol(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!word && !(i + 1 == name.size() && (c == '?' || c == '!'))) return false;
  }
  return true;
}

}  // namespace

std::string_view Machine::class_name(const Val& value) const {
  switch (value.kind) {
    case Kind::nil: return "NilClass";
    case Kind::boolean: return value.flag ? "TrueClass" : "FalseClass";
    case Kind::integer: return "Integer";
    case Kind::floating: return "Float";
    case Kind::string: return "String";
    case Kind::symbol: return "Symbol";
    case Kind::array: return "Array";
    case Kind::hash: return "Hash";
    case Kind::time: return value.exclusive ? "DateTime" : "Time";
    case Kind::regexp: return "Regexp";
    case Kind::range: return "Range";
    case Kind::match: return "MatchData";
    case Kind::type: return "Class";
    default: return value.value().type() == msgpack::Type::integer ? "Integer" : "Fluent::EventTime";
  }
}

/// What interpolation puts in.
void Machine::put_text(const Val& value, OutBuffer& out) {
  switch (value.kind) {
    case Kind::nil: return;
    case Kind::string:
    case Kind::symbol: return out.append(value.text());
    case Kind::integer: return put_integer(value.integer, out);
    case Kind::floating: return put_float(value.real, out);
    case Kind::time:
      return out.append(format_time(value, value.exclusive ? "%Y-%m-%dT%H:%M:%S%:z" : "%Y-%m-%d %H:%M:%S %z"));
    case Kind::match: return put_text(value.match->groups[0], out);
    case Kind::range:
      put_text(value.items[0], out);
      out.append(value.exclusive ? "..." : "..");
      return put_text(value.items[1], out);
    default: return inspect(value, out, 0);
  }
}

std::string_view Machine::to_s(const Val& value) {
  if (value.is_text()) return value.text();
  Text text(*this);
  put_text(value, text.out());
  return text.take();
}

std::string_view Machine::inspect(const Val& value) {
  Text text(*this);
  inspect(value, text.out(), 0);
  return text.take();
}

/// As Ruby 3.4 shows values.
void Machine::inspect(const Val& value, OutBuffer& out, unsigned depth) {
  if (depth > most_nesting || !has_room(0)) return out.append("...");
  switch (value.kind) {
    case Kind::nil: return out.append("nil");
    case Kind::boolean: return out.append(value.flag ? "true" : "false");
    case Kind::string: return put_quoted(value.text(), out);
    case Kind::symbol:
      out.append(':');
      return is_plain_symbol(value.text()) ? out.append(value.text()) : put_quoted(value.text(), out);
    case Kind::array: {
      out.append('[');
      bool first = true;
      for (const Val& item : elements(value)) {
        if (!std::exchange(first, false)) out.append(", ");
        inspect(item, out, depth + 1);
      }
      return out.append(']');
    }
    case Kind::hash: {
      out.append('{');
      bool first = true;
      for (const Pair& pair : pairs(value)) {
        if (!std::exchange(first, false)) out.append(", ");
        const bool label = pair.key.kind == Kind::symbol && is_plain_symbol(pair.key.text());
        label ? out.append(pair.key.text()) : inspect(pair.key, out, depth + 1);
        out.append(label ? ": " : " => ");
        inspect(pair.value, out, depth + 1);
      }
      return out.append('}');
    }
    case Kind::regexp:
      out.append('/');
      out.append(value.regexp->pattern());
      return out.append('/');
    case Kind::type: return out.append(class_names[static_cast<std::size_t>(value.integer)]);
    case Kind::other: return append_json(out, value.value());
    case Kind::error: return;
    default: return put_text(value, out);
  }
}

std::string_view Machine::to_json(const Val& value) {
  OutBuffer& packed = packed_;
  packed.clear();
  msgpack::Writer writer(packed);
  write(value, writer);
  const auto* data = reinterpret_cast<const std::uint8_t*>(packed.data());
  Text text(*this);
  append_json(text.out(), {data, data + packed.size()});
  return text.take();
}

void Machine::write(const Val& value, msgpack::Writer& writer, unsigned depth) {
  if (depth > most_nesting) return writer.nil();
  switch (value.kind) {
    case Kind::nil:
    case Kind::error: return writer.nil();
    case Kind::boolean: return writer.boolean(value.flag);
    case Kind::integer: return writer.integer(value.integer);
    case Kind::floating: return writer.floating(value.real);
    case Kind::string: return value.binary ? writer.binary(value.text()) : writer.string(value.text());
    case Kind::symbol: return writer.string(value.text());
    case Kind::other: return writer.value(value.value());
    case Kind::array:
      if (value.packed) return writer.value(value.value());
      writer.array(static_cast<std::uint32_t>(value.size));
      for (const Val& item : elements(value)) write(item, writer, depth + 1);
      return;
    case Kind::hash:
      if (value.packed) return writer.value(value.value());
      writer.map(static_cast<std::uint32_t>(value.size));
      for (const Pair& pair : pairs(value)) {
        write(pair.key, writer, depth + 1);
        write(pair.value, writer, depth + 1);
      }
      return;
    default: return writer.string(to_s(value));
  }
}

std::span<const Val> Machine::elements(const Val& array) {
  if (!array.packed) return {array.items, array.size};
  const msgpack::Value value = array.value();
  const std::span<Val> items = arena_.make<Val>(value.count());
  const std::uint8_t* at = value.children();
  for (Val& item : items) {
    const std::uint8_t* end = msgpack::skip(at, value.end());
    item = Val::of(msgpack::Value(at, end));
    at = end;
  }
  return items;
}

std::span<const Pair> Machine::pairs(const Val& hash) {
  if (!hash.packed) return {hash.pairs, hash.size};
  const std::span<Pair> pairs = arena_.make<Pair>(hash.value().count());
  std::size_t i = 0;
  Record(hash.value()).for_each([&](const msgpack::Value& key, const msgpack::Value& value) {
    pairs[i++] = {Val::of(key), Val::of(value)};
  });
  return pairs;
}

TimeFormatter& Machine::formatter(std::int32_t zone, std::string_view format) {
  for (Formatter& known : formatters_) {
    if (known.zone == zone && known.format == format) return known.formatter;
  }
  constexpr std::size_t most = 32;
  if (formatters_.size() == most) formatters_.erase(formatters_.begin());
  const TimeZone where = zone == zone_local ? zone_
                         : zone == zone_utc ? TimeZone::utc()
                                            : TimeZone::fixed(std::chrono::seconds(zone));
  formatters_.push_back({std::string(format), zone, TimeFormatter::compile(format, where)});
  return formatters_.back().formatter;
}

std::string Machine::format_time(const Val& time, std::string_view format) {
  // Ruby shows the zone UTC by its name where a time becomes text by itself.
  if (time.zone == zone_utc && format == "%Y-%m-%d %H:%M:%S %z") format = "%Y-%m-%d %H:%M:%S UTC";
  if (format.empty()) return {};
  return formatter(time.zone, format).format(time.time());
}

Val Machine::parse_json(std::string_view text) {
  if (!json_) json_.emplace();
  packed_.clear();
  JsonError error;
  if (!json_->read(text, packed_, error)) return fail("JSON::ParserError: " + error.message);
  if (!has_room(packed_.size())) return Val::failed();
  const std::string_view bytes = arena_.copy(packed_.text());
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return Val::of(msgpack::Value(data, data + bytes.size()));
}

}  // namespace logboom::expression
