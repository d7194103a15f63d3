#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace logboom {

/// What `logboom certs` is asked for.
struct CertOptions {
  enum class Action : std::uint8_t { ca, server, client, docker_daemon, syslog_driver, forward, show, renew, revoke };
  Action action = Action::show;
  std::string folder;              // empty: see certs_folder_of
  std::vector<std::string> names;  // names and addresses to certify; or which files are meant
  std::string ca_name;
  std::string file_name;          // server: instead of the first name
  std::string client = "client";  // whom the client certificate of a set is for
  std::string place;              // the folder on the host that the pasted lines are for; empty: where it was made
  std::uint16_t port = 0;         // 0: the usual one
  std::optional<int> days;
  int soon = 30;  // days
  bool rsa = false;
  bool force = false;
  bool new_key = false;
  std::vector<std::string> serials;  // revoke: hexadecimal
};

}  // namespace logboom
