#include "mmdb.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

namespace logboom::testing {
namespace {

using Json = nlohmann::json;

void append_number(std::string& out, std::uint64_t number, unsigned bytes) {
  while (bytes-- > 0) out += static_cast<char>(number >> (8 * bytes) & 0xff);
}

/// `size` up to 284.
void append_head(std::string& out, unsigned type, std::size_t size) {
  const std::size_t low = std::min<std::size_t>(size, 29);
  out += static_cast<char>((type > 7 ? 0 : type) << 5 | low);
  if (type > 7) out += static_cast<char>(type - 7);
  if (low == 29) out += static_cast<char>(size - 29);
}

void append(std::string& out, const Json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    append_head(out, 2, text.size());
    out += text;
  } else if (value.is_number_float()) {
    append_head(out, 3, 8);
    append_number(out, std::bit_cast<std::uint64_t>(value.get<double>()), 8);
  } else if (value.is_number()) {
    append_head(out, 6, 4);
    append_number(out, value.get<std::uint32_t>(), 4);
  } else if (value.is_boolean()) {
    append_head(out, 14, value.get<bool>() ? 1 : 0);
  } else {
    append_head(out, value.is_object() ? 7 : 11, value.size());
    for (const auto& [key, child] : value.items()) {
      if (value.is_object()) append(out, key);
      append(out, child);
    }
  }
}

/// Type 5 is uint16, 6 uint32, 9 uint64.
void append_entry(std::string& out, const std::string& key, unsigned type, std::uint64_t number) {
  append(out, key);
  const unsigned bytes = type == 5 ? 2 : type == 6 ? 4 : 8;
  append_head(out, type, bytes);
  append_number(out, number, bytes);
}

}  // namespace

Mmdb& Mmdb::add(const std::string& network, std::string_view json) {
  const std::size_t slash = network.find('/');
  const std::string address = network.substr(0, slash);
  std::size_t bits = std::stoul(network.substr(slash + 1));
  std::array<std::uint8_t, 16> bytes{};
  if (address.find(':') == std::string::npos) {
    inet_pton(AF_INET, address.c_str(), bytes.data() + 12);
    bits += 96;
  } else {
    inet_pton(AF_INET6, address.c_str(), bytes.data());
  }
  std::size_t node = 0;
  for (std::size_t i = 0; i < bits; ++i) {
    const std::size_t side = (std::size_t{bytes[i / 8]} >> (7 - i % 8)) & 1;
    if (i + 1 == bits) {
      nodes_[node][side] = {Record::Kind::data, data_.size()};
    } else if (nodes_[node][side].kind == Record::Kind::nothing) {
      nodes_[node][side] = {Record::Kind::node, nodes_.size()};
      nodes_.emplace_back();
    }
    node = nodes_[node][side].number;
  }
  append(data_, Json::parse(json));
  return *this;
}

std::size_t Mmdb::value_of(const Record& record) const {
  if (record.kind == Record::Kind::node) return record.number;
  return nodes_.size() + (record.kind == Record::Kind::data ? 16 + record.number : 0);
}

std::string Mmdb::bytes() const {
  std::string out;
  for (const auto& node : nodes_) {
    for (const Record& record : node) append_number(out, value_of(record), 3);
  }
  out.append(16, '\0');
  out += data_;
  out += "\xab\xcd\xefMaxMind.com";
  append_head(out, 7, 9);
  append_entry(out, "binary_format_major_version", 5, 2);
  append_entry(out, "binary_format_minor_version", 5, 0);
  append_entry(out, "build_epoch", 9, 1700000000);
  append_entry(out, "ip_version", 5, 6);
  append_entry(out, "node_count", 6, nodes_.size());
  append_entry(out, "record_size", 5, 24);
  append(out, "database_type");
  append(out, "Test");
  append(out, "description");
  append(out, Json::object());
  append(out, "languages");
  append(out, Json::array({"en"}));
  return out;
}

}  // namespace logboom::testing
