#include <logboom/parser_fields.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include <logboom/json.hpp>

#include "base/field_types.hpp"

namespace logboom {
namespace {

using msgpack::Value;

[[noreturn]] void refuse(const Element& element, std::string_view key, std::string message) {
  const Attribute* attribute = element.find(key);
  throw ConfigError(attribute != nullptr ? attribute->value_pos : element.pos, std::move(message));
}

/// Writes a string through one look at the buffer.
void put_string(OutBuffer& out, std::string_view text) {
  if (text.size() > 0xff) return msgpack::Writer(out).string(text);
  char* at = out.reserve(text.size() + 2);
  const bool short_form = text.size() < 32;
  *at++ = static_cast<char>(short_form ? 0xa0 | text.size() : 0xd9);
  if (!short_form) *at++ = static_cast<char>(text.size());
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  out.commit(text.size() + (short_form ? 1 : 2));
}

/// Makes room for a map's header before the pairs that stand from `begin + 1` on, where one byte is not enough.
void put_count(OutBuffer& out, std::size_t begin, std::uint32_t count) {
  const std::size_t header = count < 16 ? 1 : count <= 0xffff ? 3 : 5;
  if (header > 1) {
    out.reserve(header - 1);
    out.commit(header - 1);
  }
  char* const at = out.reserve(0) - out.size() + begin;
  if (header == 1) {
    *at = static_cast<char>(0x80 | count);
    return;
  }
  std::memmove(at + header, at + 1, out.size() - begin - header);
  at[0] = static_cast<char>(header == 3 ? 0xde : 0xdf);
  for (std::size_t i = 1; i < header; ++i) at[i] = static_cast<char>(count >> (8 * (header - 1 - i)));
}

std::string shown(const Value& value) {
  OutBuffer json;
  append_json(json, value);
  constexpr std::size_t longest = 100;
  std::string text(json.text().substr(0, longest));
  while (!text.empty() && json.size() > longest && (static_cast<unsigned char>(text.back()) & 0x80) != 0)
    text.pop_back();
  return json.size() > longest ? text + "…" : text;
}

}  // namespace

struct FieldWriter::Converter {
  std::string key;
  field_types::Definition definition;
};

FieldWriter::FieldWriter(const ParserOptions& options, const Element& element)
    : time_key_(options.time_key),
      keep_time_key_(options.keep_time_key),
      null_empty_(options.null_empty_string),
      times_(options.time_parser(element)) {
  for (const auto& [key, type] : options.types) {
    try {
      converters_.push_back({key, field_types::define(type)});
    } catch (const std::invalid_argument& error) {
      refuse(element, "types", cat("types: field '", key, "': ", error.what()));
    }
  }
  if (const auto& pattern = options.null_value_pattern) {
    try {
      null_pattern_ = Regexp::compile(pattern->source, {pattern->ignore_case, pattern->multiline, pattern->extended});
    } catch (const std::invalid_argument& error) {
      refuse(element, "null_value_pattern", error.what());
    }
  }
  changes_values_ = !converters_.empty() || null_pattern_ || null_empty_;
}

FieldWriter::FieldWriter(FieldWriter&&) noexcept = default;
FieldWriter::~FieldWriter() = default;

void FieldWriter::begin() {
  begin_ = out_.size();
  count_ = 0;
  gave_up_ = false;
  time_from_ = TimeFrom::nothing;
  out_.append('\0');  // the map's header
}

bool FieldWriter::is_null(std::string_view text) {
  if (null_empty_ && text.empty()) return true;
  if (!null_pattern_) return false;
  const SearchResult result = null_pattern_->search(text, region_);
  gave_up_ = gave_up_ || result == SearchResult::limit_exceeded;
  return result == SearchResult::match;
}

FieldWriter::Converter* FieldWriter::converter(std::string_view key) noexcept {
  const auto found =
      std::find_if(converters_.begin(), converters_.end(), [&](const Converter& c) { return c.key == key; });
  return found == converters_.end() ? nullptr : &*found;
}

void FieldWriter::put_key(std::string_view key) {
  put_string(out_, key);
  ++count_;
}

void FieldWriter::text(std::string_view key, std::string_view text) {
  if (is_time_key(key)) {
    time_from_ = TimeFrom::text;
    time_text_ = text;
    if (!keep_time_key_) return;
  }
  put_key(key);
  if (!changes_values_) return put_string(out_, text);
  if (is_null(text)) return out_.append(static_cast<char>(0xc0));
  Converter* const found = converter(key);
  if (found == nullptr) return put_string(out_, text);
  msgpack::Writer writer(out_);
  field_types::write(writer, found->definition, text);
}

void FieldWriter::null(std::string_view key) {
  static constexpr std::uint8_t nil = 0xc0;
  value(key, Value(&nil, &nil + 1));
}

template <class Write>
void FieldWriter::written(std::string_view key, Write&& write) {
  OutBuffer& bytes = is_time_key(key) ? time_bytes_ : scratch_;
  bytes.clear();
  write(msgpack::Writer(bytes));
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  value(key, Value(data, data + bytes.size()));
}

void FieldWriter::integer(std::string_view key, std::int64_t number) {
  written(key, [number](msgpack::Writer out) { out.integer(number); });
}

void FieldWriter::number(std::string_view key, double number) {
  written(key, [number](msgpack::Writer out) { out.floating(number); });
}

void FieldWriter::boolean(std::string_view key, bool value) {
  static constexpr std::uint8_t bytes[] = {0xc2, 0xc3};
  this->value(key, Value(&bytes[value ? 1 : 0], &bytes[value ? 1 : 0] + 1));
}

void FieldWriter::value(std::string_view key, const Value& value) {
  if (is_time_key(key)) {
    time_from_ = TimeFrom::value;
    time_value_ = value;
    if (!keep_time_key_) return;
  }
  put(key, value);
}

void FieldWriter::value(const Value& key, const Value& value) {
  if (key.is_text()) return this->value(key.text(), value);
  ++count_;
  out_.append(key.begin(), key.size());
  out_.append(value.begin(), value.size());
}

void FieldWriter::put(std::string_view key, const Value& value) {
  put_key(key);
  if (!changes_values_ || value.type() == msgpack::Type::nil) return out_.append(value.begin(), value.size());
  if (value.is_text() && is_null(value.text())) return out_.append(static_cast<char>(0xc0));
  Converter* const found = converter(key);
  if (found == nullptr) return out_.append(value.begin(), value.size());
  msgpack::Writer writer(out_);
  field_types::write(writer, found->definition, value, json_);
}

bool FieldWriter::end(std::string& error) {
  put_count(out_, begin_, count_);
  Kept& kept = records_.emplace_back();
  kept.begin = begin_;
  kept.end = out_.size();
  if (gave_up_) {
    error = "null_value_pattern gave up: a field takes it too many steps";
    return false;
  }
  EventTime time;
  switch (time_from_) {
    case TimeFrom::nothing: return true;
    case TimeFrom::text:
      if (!read_time(time_text_, time, error)) return false;
      break;
    case TimeFrom::value:
      if (!times_.parse(time_value_, time)) return fail_time(time_value_, error);
      break;
  }
  kept.time = time;
  return true;
}

bool FieldWriter::map(const Value& map, std::string& error) {
  if (!changes_values_) return map_without_time(map, error);
  begin();
  const std::uint8_t* at = map.children();
  for (std::uint32_t left = map.count(); left > 0; --left) {
    const std::uint8_t* const key_end = msgpack::skip(at, map.end());
    const std::uint8_t* const value_end = msgpack::skip(key_end, map.end());
    value(Value(at, key_end), Value(key_end, value_end));
    at = value_end;
  }
  return end(error);
}

bool FieldWriter::map_without_time(const Value& map, std::string& error) {
  std::uint32_t times = 0;
  if (!time_key_.empty()) {
    const std::uint8_t* at = map.children();
    for (std::uint32_t left = map.count(); left > 0; --left) {
      const std::uint8_t* const key_end = msgpack::skip(at, map.end());
      const std::uint8_t* const value_end = msgpack::skip(key_end, map.end());
      if (const Value key(at, key_end); key.is_text() && key.text() == time_key_) {
        ++times;
        time_value_ = Value(key_end, value_end);
      }
      at = value_end;
    }
  }
  Kept& kept = records_.emplace_back();
  kept.view = map;
  if (times == 0) return true;
  EventTime time;
  if (!times_.parse(time_value_, time)) return fail_time(time_value_, error);
  kept.time = time;
  if (keep_time_key_) return true;
  kept.view = {};
  kept.begin = out_.size();
  msgpack::Writer(out_).map(map.count() - times);
  const std::uint8_t* at = map.children();
  for (std::uint32_t left = map.count(); left > 0; --left) {
    const std::uint8_t* const key_end = msgpack::skip(at, map.end());
    const std::uint8_t* const value_end = msgpack::skip(key_end, map.end());
    if (const Value key(at, key_end); !key.is_text() || key.text() != time_key_) {
      out_.append(at, static_cast<std::size_t>(value_end - at));
    }
    at = value_end;
  }
  kept.end = out_.size();
  return true;
}

bool FieldWriter::read_time(std::string_view text, EventTime& time, std::string& error) {
  if (times_.parse(text, time)) return true;
  OutBuffer bytes;
  msgpack::Writer(bytes).string(text);
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return fail_time(Value(data, data + bytes.size()), error);
}

bool FieldWriter::fail_time(const Value& value, std::string& error) const {
  error = cat("the time ", shown(value), " is not ", times_.expected());
  return false;
}

void FieldWriter::deliver(ParsedSink& sink) const {
  const auto* const data = reinterpret_cast<const std::uint8_t*>(out_.data());
  for (const Kept& kept : records_) {
    sink.record(kept.time, kept.view ? kept.view : Value(data + kept.begin, data + kept.end));
  }
}

}  // namespace logboom
