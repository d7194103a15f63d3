#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <logboom/syslog.hpp>

#include "shared.hpp"

namespace logboom::in_syslog {

/// The fields of one record, and the bytes that they become.
///
/// Threads: one at a time.
class RecordFields {
 public:
  explicit RecordFields(const Settings& settings) : settings_(settings) {}

  /// Takes the parts of a message; views must stay valid until `write`.
  void set(const SyslogMessage& message);
  void add(std::string_view key, std::string_view value) { fields_[count_++] = {key, value}; }
  /// `severity_key` and `facility_key`.
  void add_priority(std::uint32_t priority);

  std::size_t most_bytes() const noexcept;
  std::uint8_t* write(std::uint8_t* at) const noexcept { return write(at, 0, {}); }
  /// The same, with pairs before them that are msgpack already.
  std::uint8_t* write(std::uint8_t* at, std::uint32_t pairs, std::string_view bytes) const noexcept;

 private:
  using Field = TagFormat::Field;
  void add_if_there(std::string_view key, std::string_view value) {
    if (value.data() != nullptr) add(key, value);
  }
  void add_data(const SyslogMessage& message);

  const Settings& settings_;
  std::array<Field, 32> fields_{};
  std::size_t count_ = 0;
  OutBuffer data_;  // structured data as a map, or empty
};

}  // namespace logboom::in_syslog
