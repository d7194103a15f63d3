#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include <logboom/event.hpp>
#include <logboom/json.hpp>
#include <logboom/json_reader.hpp>

namespace logboom::record_test {

inline msgpack::Value view(const OutBuffer& bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return {data, data + bytes.size()};
}

/// An object that is given as JSON, and owns its bytes.
class Json {
 public:
  explicit Json(std::string_view text) {
    JsonError error;
    if (!JsonReader().read(text, bytes_, error)) throw std::runtime_error(error.message);
  }
  msgpack::Value value() const { return view(bytes_); }
  Record record() const { return Record(value()); }

 private:
  OutBuffer bytes_;
};

inline std::string to_json(const msgpack::Value& value) {
  if (!value) return "nothing";
  OutBuffer out;
  append_json(out, value);
  return std::string(out.text());
}

}  // namespace logboom::record_test
