#include <logboom/json_reader.hpp>

#include <simdjson.h>

#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>

namespace logboom {
namespace {

namespace dom = simdjson::dom;

/// simdjson counts no further than this in its tape.
constexpr std::size_t largest_known_count = 0xffffff;

template <class Container>
std::uint32_t count_of(const Container& container) {
  std::size_t count = container.size();
  if (count >= largest_known_count) {
    count = 0;
    for ([[maybe_unused]] const auto& element : container) ++count;
  }
  return static_cast<std::uint32_t>(count);
}

/// Recursion goes as deep as json_max_depth.
void write(const dom::element& element, msgpack::Writer& out) {
  switch (element.type()) {
    case dom::element_type::ARRAY: {
      const dom::array array = element.get_array().value_unsafe();
      out.array(count_of(array));
      for (const dom::element child : array) write(child, out);
      return;
    }
    case dom::element_type::OBJECT: {
      const dom::object object = element.get_object().value_unsafe();
      out.map(count_of(object));
      for (const dom::key_value_pair pair : object) {
        out.string(pair.key);
        write(pair.value, out);
      }
      return;
    }
    case dom::element_type::INT64: return out.integer(element.get_int64().value_unsafe());
    case dom::element_type::UINT64: return out.unsigned_integer(element.get_uint64().value_unsafe());
    case dom::element_type::DOUBLE: return out.floating(element.get_double().value_unsafe());
    case dom::element_type::STRING: return out.string(element.get_string().value_unsafe());
    case dom::element_type::BOOL: return out.boolean(element.get_bool().value_unsafe());
    case dom::element_type::NULL_VALUE: return out.nil();
  }
}

bool in_number(char c) noexcept {
  return std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

bool fits(std::string_view integer) noexcept {
  std::int64_t number = 0;
  std::uint64_t large = 0;
  const char* const end = integer.data() + integer.size();
  return std::from_chars(integer.data(), end, number).ec == std::errc() ||
         std::from_chars(integer.data(), end, large).ec == std::errc();
}

/// The same text with each integer that does not fit into 64 bits made a floating one, which simdjson does take.
std::string with_wide_integers_as_floats(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 64);
  bool in_string = false;
  for (std::size_t i = 0; i < text.size();) {
    if (in_string || !in_number(text[i])) {
      if (text[i] == '"') in_string = !in_string;
      if (in_string && text[i] == '\\' && i + 1 < text.size()) out += text[i++];
      out += text[i++];
      continue;
    }
    const std::size_t begin = i;
    bool integer = true;
    for (; i < text.size() && in_number(text[i]); ++i) {
      integer = integer && (std::isdigit(static_cast<unsigned char>(text[i])) != 0 || i == begin);
    }
    out += text.substr(begin, i - begin);
    if (integer && !fits(text.substr(begin, i - begin))) out += ".0";
  }
  return out;
}

/// Finds out where a text that simdjson refused is wrong.
struct Locator : nlohmann::json_sax<nlohmann::json> {
  JsonError* error = nullptr;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    error->offset = std::min(error->offset, position == 0 ? 0 : position - 1);
    return false;
  }
};

void explain(std::string_view text, simdjson::error_code code, JsonError& error) {
  error.offset = text.size();
  error.message = simdjson::error_message(code);
  Locator locator;
  locator.error = &error;
  nlohmann::json::sax_parse(text.begin(), text.end(), &locator);
}

}  // namespace

struct JsonReader::Impl {
  dom::parser parser;

  simdjson::error_code read(std::string_view text, OutBuffer& out) {
    if (text.empty()) return simdjson::EMPTY;
    dom::element root;
    simdjson::error_code code = parser.parse(text.data(), text.size()).get(root);
    if (code == simdjson::NUMBER_ERROR) code = parser.parse(with_wide_integers_as_floats(text)).get(root);
    if (code != simdjson::SUCCESS) return code;
    msgpack::Writer writer(out);
    write(root, writer);
    return code;
  }
};

JsonReader::JsonReader() : impl_(std::make_unique<Impl>()) {}
JsonReader::JsonReader(JsonReader&&) noexcept = default;
JsonReader& JsonReader::operator=(JsonReader&&) noexcept = default;
JsonReader::~JsonReader() = default;

bool JsonReader::read(std::string_view text, OutBuffer& out, JsonError& error) {
  const simdjson::error_code code = impl_->read(text, out);
  if (code != simdjson::SUCCESS) explain(text, code, error);
  return code == simdjson::SUCCESS;
}

bool JsonReader::read_all(std::string_view text, OutBuffer& out, JsonError& error) {
  simdjson::error_code code = impl_->read(text, out);
  if (code == simdjson::SUCCESS) return true;
  const std::size_t before = out.size();
  std::size_t at = 0;
  for (JsonFramer framer; at < text.size();) {
    const JsonFramer::Frame frame = framer.advance(text.data() + at, text.size() - at);
    if (at != 0 && frame.scan == msgpack::Scan::incomplete && framer.idle()) return true;  // white space at the end
    if (frame.scan != msgpack::Scan::complete || (at == 0 && frame.used == text.size())) break;
    code = impl_->read(text.substr(at, frame.used), out);
    if (code != simdjson::SUCCESS) break;
    at += frame.used;
  }
  if (at != 0 && at == text.size()) return true;
  out.truncate(before);
  explain(text.substr(at), code, error);
  error.offset += at;
  return false;
}

}  // namespace logboom
