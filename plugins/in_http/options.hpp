#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <logboom/extract.hpp>
#include <logboom/limits.hpp>
#include <logboom/params.hpp>
#include <logboom/transport.hpp>

namespace logboom::in_http {

struct Options {
  std::uint16_t port = 9880;
  std::string bind = "0.0.0.0";
  ByteSize body_size_limit{std::uint64_t{32} << 20};
  std::chrono::nanoseconds keepalive_timeout = std::chrono::seconds(10);
  int backlog = 0;
  bool add_http_headers = false;
  bool add_query_params = false;
  bool add_remote_addr = false;
  std::string add_tag_prefix;
  std::vector<std::string> cors_allow_origins;
  bool cors_allow_credentials = false;
  bool respond_with_empty_img = false;
  bool use_204_response = false;
  bool dump_error_log = true;
  std::chrono::nanoseconds blocking_timeout = std::chrono::milliseconds(500);
  TransportOptions transport;
  LimitOptions limits;
  PluginSection parse{"", nullptr};
  std::optional<ExtractOptions> extract;

  static void describe(Describe<Options>& d);
  /// No parser: what a body is says its content type.
  bool by_content_type() const { return parse.type.empty() || parse.type == "in_http"; }
};

}  // namespace logboom::in_http
