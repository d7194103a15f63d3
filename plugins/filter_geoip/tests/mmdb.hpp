#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>

namespace logboom::testing {

/// Makes small MaxMind databases: IPv6 trees with 24-bit records, IPv4 below ::/96.
/// Format: https://maxmind.github.io/MaxMind-DB/
class Mmdb {
 public:
  /// A network such as "2.125.160.0/24" or "2001:db8::/32". Objects, arrays, strings, doubles, integers (as uint32) and
  /// booleans become the database's types. Networks must not overlap.
  Mmdb& add(const std::string& network, const nlohmann::json& data) {
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
      const std::size_t side = bytes[i / 8] >> (7 - i % 8) & 1U;
      if (i + 1 == bits) {
        nodes_[node][side] = {Record::Kind::data, data_.size()};
      } else if (nodes_[node][side].kind == Record::Kind::nothing) {
        nodes_[node][side] = {Record::Kind::node, nodes_.size()};
        nodes_.emplace_back();
      }
      node = nodes_[node][side].number;
    }
    append(data_, data);
    return *this;
  }

  /// The whole file.
  std::string bytes() const {
    std::string out;
    for (const auto& node : nodes_) {
      for (const Record& record : node) append_number(out, record_of(record), 3);
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
    append(out, nlohmann::json::object());
    append(out, "languages");
    append(out, nlohmann::json::array({"en"}));
    return out;
  }
  /// Where the data begins in `bytes`.
  std::size_t data_offset() const { return nodes_.size() * 6 + 16; }

 private:
  struct Record {
    enum class Kind : std::uint8_t { nothing, node, data };
    Kind kind = Kind::nothing;
    std::size_t number = 0;
  };

  std::size_t record_of(const Record& record) const {
    if (record.kind == Record::Kind::node) return record.number;
    return nodes_.size() + (record.kind == Record::Kind::data ? 16 + record.number : 0);
  }

  static void append_number(std::string& out, std::uint64_t number, unsigned bytes) {
    while (bytes-- > 0) out += static_cast<char>(number >> (8 * bytes) & 0xff);
  }

  /// `size` up to 284.
  static void append_head(std::string& out, unsigned type, std::size_t size) {
    const std::size_t low = std::min<std::size_t>(size, 29);
    out += static_cast<char>((type > 7 ? 0 : type) << 5 | low);
    if (type > 7) out += static_cast<char>(type - 7);
    if (low == 29) out += static_cast<char>(size - 29);
  }

  static void append_entry(std::string& out, const std::string& key, unsigned type, std::uint64_t number) {
    append(out, key);
    const unsigned bytes = type == 5 ? 2 : type == 6 ? 4 : 8;
    append_head(out, type, bytes);
    append_number(out, number, bytes);
  }

  static void append(std::string& out, const nlohmann::json& value) {
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

  std::vector<std::array<Record, 2>> nodes_ = std::vector<std::array<Record, 2>>(1);
  std::string data_;
};

}  // namespace logboom::testing
