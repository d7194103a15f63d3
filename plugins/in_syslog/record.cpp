#include "record.hpp"

#include <cstring>

namespace logboom::in_syslog {

namespace {

constexpr std::string_view data_key = "structured_data";

std::uint8_t* write_text(std::uint8_t* at, std::string_view text) noexcept {
  const std::size_t size = text.size();
  if (size < 32) {
    *at++ = static_cast<std::uint8_t>(0xa0 | size);
  } else if (size < 256) {
    *at++ = 0xd9;
    *at++ = static_cast<std::uint8_t>(size);
  } else {
    const bool wide = size > 65535;
    *at++ = wide ? 0xdb : 0xda;
    for (int shift = wide ? 24 : 8; shift >= 0; shift -= 8) *at++ = static_cast<std::uint8_t>(size >> shift);
  }
  if (size != 0) std::memcpy(at, text.data(), size);
  return at + size;
}

}  // namespace

void RecordFields::set(const SyslogMessage& m) {
  count_ = 0;
  data_.clear();
  if (settings_.parser.keep_time_key) add_if_there("time", m.time);
  add_if_there("host", m.host);
  add_if_there("ident", m.ident);
  add_if_there("pid", m.pid);
  add_if_there("msgid", m.msgid);
  add_data(m);
  add_if_there("sequence", m.sequence);
  add_if_there("message", m.message);
  if (const TagFormat& format = settings_.tag_format; !format.empty() && m.ident.data() != nullptr) {
    if (format.split(m.ident, &fields_[count_])) count_ += format.fields();
  }
}

void RecordFields::add_data(const SyslogMessage& m) {
  if (settings_.parser.structured_data != SyslogParserOptions::Data::nested) return add_if_there("extradata", m.data);
  if (m.data.data() == nullptr || m.data == "-") return;
  msgpack::Writer writer(data_);
  write_syslog_data(m.data, writer);
}

void RecordFields::add_priority(std::uint32_t priority) {
  const Options& options = settings_.options;
  if (!options.severity_key.empty()) add(options.severity_key, syslog_severity_name(priority & 7));
  if (!options.facility_key.empty()) add(options.facility_key, syslog_facility_name(priority >> 3));
}

std::size_t RecordFields::most_bytes() const noexcept {
  std::size_t most = 5 + 5 + data_key.size() + data_.size();
  for (std::size_t i = 0; i < count_; ++i) most += 10 + fields_[i].key.size() + fields_[i].value.size();
  return most;
}

std::uint8_t* RecordFields::write(std::uint8_t* at, std::uint32_t pairs, std::string_view bytes) const noexcept {
  const std::size_t count = pairs + count_ + (data_.empty() ? 0 : 1);
  if (count < 16) {
    *at++ = static_cast<std::uint8_t>(0x80 | count);
  } else {
    *at++ = 0xdf;
    for (int shift = 24; shift >= 0; shift -= 8) *at++ = static_cast<std::uint8_t>(count >> shift);
  }
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  at += bytes.size();
  for (std::size_t i = 0; i < count_; ++i) {
    at = write_text(at, fields_[i].key);
    at = write_text(at, fields_[i].value);
  }
  if (data_.empty()) return at;
  at = write_text(at, data_key);
  std::memcpy(at, data_.data(), data_.size());
  return at + data_.size();
}

}  // namespace logboom::in_syslog
