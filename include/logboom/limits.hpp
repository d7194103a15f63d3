#pragma once

#include <chrono>
#include <cstdint>

#include <logboom/params.hpp>

/// `<limits>`: what the connections of an input may take. One declaration for all inputs of streams:
///
///     struct Options {
///       LimitOptions limits;
///       static void describe(Describe<Options>& d) { d.section("limits", &Options::limits, limits_doc); }
///     };
///     …
///     where.limits = options.limits;  // net::StreamListen
namespace logboom {

inline constexpr const char* limits_doc = "What the connections of each address that this input listens on may take.";

struct LimitOptions {
  std::uint32_t connections = 0;              // 0: as many as there are
  std::uint32_t connections_per_address = 0;  // 0: as many as there are
  std::uint32_t half_open = 1024;
  ByteSize bytes_per_connection{0};  // 0: what the input's own limits let through
  std::chrono::nanoseconds idle_timeout{0};

  static void describe(Describe<LimitOptions>& d) {
    using O = LimitOptions;
    d.param("connections", &O::connections, "How many connections there may be; one more is reset. 0: no limit.");
    d.param("connections_per_address", &O::connections_per_address,
            "How many of them may come from one address, a unix socket's apart. 0: no limit.");
    d.param(
         "half_open", &O::half_open,
         "How many may be in the middle of TLS's handshake or that of `<security>`: beyond that the oldest of them is "
         "reset.")
        .range(1, 1 << 20);
    d.param("bytes_per_connection", &O::bytes_per_connection,
            "What a connection may have sent of a message that is not whole yet, with the answers that it has not "
            "read. 0: no limit but the input's own.");
    d.param("idle_timeout", &O::idle_timeout,
            "A connection that brings nothing for so long is closed, where nothing can be lost by that: one that has "
            "never sent anything, and one whose client waits for answers. 0: never.");
  }
};

}  // namespace logboom
