#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <logboom/compress.hpp>
#include <logboom/msgpack.hpp>
#include <logboom/testing.hpp>

#include "../session.hpp"

namespace logboom::in_forward::test {

using testing::Peer;
using testing::Row;
using testing::SessionDriver;
using testing::Settle;
using Rows = std::vector<Row>;
using Counts = testing::FakeHost::Counts;

/// Msgpack bytes of one object.
using Raw = std::string;

template <class Write>
Raw packed_by(Write write) {
  OutBuffer out;
  msgpack::Writer writer(out);
  write(writer);
  return Raw(out.text());
}
inline Raw str(std::string_view text) {
  return packed_by([&](msgpack::Writer& w) { w.string(text); });
}
inline Raw bin(std::string_view bytes) {
  return packed_by([&](msgpack::Writer& w) { w.binary(bytes); });
}
inline Raw num(std::int64_t number) {
  return packed_by([&](msgpack::Writer& w) { w.integer(number); });
}
inline Raw real(double number) {
  return packed_by([&](msgpack::Writer& w) { w.floating(number); });
}
inline Raw nil() { return "\xc0"; }
inline Raw event_time(std::uint32_t sec, std::uint32_t nsec) {
  return packed_by([&](msgpack::Writer& w) { w.event_time(sec, nsec); });
}
inline Raw join(const std::vector<Raw>& parts) { return std::accumulate(parts.begin(), parts.end(), Raw()); }
inline Raw arr(const std::vector<Raw>& elements) {
  return packed_by([&](msgpack::Writer& w) { w.array(static_cast<std::uint32_t>(elements.size())); }) + join(elements);
}
inline Raw map(const std::vector<std::pair<Raw, Raw>>& pairs) {
  Raw raw = packed_by([&](msgpack::Writer& w) { w.map(static_cast<std::uint32_t>(pairs.size())); });
  for (const auto& [key, value] : pairs) raw += key + value;
  return raw;
}
/// `{"log": text}`
inline Raw rec(std::string_view text) { return map({{str("log"), str(text)}}); }
/// A length of so many bytes behind a first byte, whatever its shortest form would be.
inline Raw head(unsigned first, std::uint64_t length, unsigned bytes) {
  Raw raw(1, static_cast<char>(first));
  while (bytes-- > 0) raw += static_cast<char>(length >> (8 * bytes));
  return raw;
}
inline Raw gzip(std::string_view data) {
  OutBuffer out;
  gzip_compress(data, out);
  return Raw(out.text());
}
inline Raw zstd(std::string_view data) {
  OutBuffer out;
  zstd_compress(data, out);
  return Raw(out.text());
}
inline Raw ack(const Raw& chunk) { return map({{str("ack"), chunk}}); }
inline Raw chunk(std::string_view id) { return map({{str("chunk"), str(id)}}); }

/// All that a user would notice of a connection.
struct Result {
  Rows rows;
  std::vector<std::string> sent;
  Counts dropped;
  Counts errors;
  std::vector<std::string> log;
  bool closed = false;
  bool reset = false;

  friend bool operator==(const Result&, const Result&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Result& result) {
    for (const Row& row : result.rows) out << "\n  " << row;
    for (const std::string& bytes : result.sent) out << "\n  sent " << ::testing::PrintToString(bytes);
    for (const auto& [reason, count] : result.dropped) out << "\n  dropped " << reason << " " << count;
    for (const auto& [reason, count] : result.errors) out << "\n  errors " << reason << " " << count;
    for (const std::string& line : result.log) out << "\n  log " << line;
    return out << "\n  " << (result.reset ? "reset" : result.closed ? "closed" : "open");
  }
};

/// Times that the server took from its clock as the word "now".
inline Rows with_now(Rows rows) {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  for (Row& row : rows) {
    const std::int64_t seconds = std::strtoll(row.time.c_str(), nullptr, 10);
    if (seconds > now - 600 && seconds <= now) row.time = "now";
  }
  return rows;
}

/// One input with one connection.
struct Forward {
  explicit Forward(Options options = {}, Settle settle = Settle::confirm, Peer peer = {},
                   forward::ServerSecurity rules = {})
      : shared(std::move(options), host, std::move(rules)),
        driver([this](net::Connection& connection) { return std::make_unique<ForwardSession>(connection, shared); },
               std::move(peer), settle) {}

  testing::FakeConnection& connection() { return driver.connection(); }
  Rows rows() { return with_now(connection().rows()); }
  const std::vector<std::string>& sent() { return connection().sent(); }
  bool open() { return !connection().closed(); }
  bool reset() { return connection().closed() == net::Close::reset; }
  Result result() {
    return {rows(), sent(), host.dropped_counts(), host.error_counts(), host.log().lines(), !open(), reset()};
  }

  testing::FakeHost host;
  Shared shared;
  SessionDriver driver;
};

using Cuts = std::vector<std::size_t>;

inline Result run(std::string_view stream, const Options& options = {}, const Cuts& cuts = {}) {
  Forward forward(options);
  forward.driver.feed_cut(stream, cuts);
  EXPECT_TRUE(forward.driver.run_timers());
  forward.driver.end();
  return forward.result();
}

inline Cuts every_byte(std::size_t size) {
  Cuts cuts(size);
  std::iota(cuts.begin(), cuts.end(), std::size_t{0});
  return cuts;
}

inline Cuts random_cuts(std::size_t size, std::mt19937& random) {
  Cuts cuts;
  for (auto left = 1 + random() % 12; left > 0; --left) cuts.push_back(random() % size);
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

/// The stream's result, which is the same however it is cut.
inline Result run_every_cut(std::string_view stream, const Options& options = {}) {
  const Result whole = run(stream, options);
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    const Result two = run(stream, options, {cut});
    EXPECT_EQ(two, whole) << "cut at " << cut << " of " << stream.size();
    if (!(two == whole)) return whole;
  }
  EXPECT_EQ(run(stream, options, every_byte(stream.size())), whole) << "byte by byte";
  std::mt19937 random(4711);
  for (int i = 0; i < 20; ++i) {
    const Cuts cuts = random_cuts(stream.size(), random);
    EXPECT_EQ(run(stream, options, cuts), whole) << "cut at " << ::testing::PrintToString(cuts);
  }
  return whole;
}

}  // namespace logboom::in_forward::test
