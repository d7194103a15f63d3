#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace logboom::out_forward {

/// One server as `<server>`, or a service discovery, names it.
struct ServerSettings {
  std::string host;
  std::uint16_t port = 24224;
  std::string name;
  std::string shared_key;
  std::string username;
  std::string password;
  unsigned weight = 60;
  unsigned priority = 0;
  bool standby = false;

  /// As logs and metrics call it.
  std::string title() const;
  friend bool operator==(const ServerSettings&, const ServerSettings&) = default;
};

inline std::chrono::milliseconds milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time);
}

}  // namespace logboom::out_forward
