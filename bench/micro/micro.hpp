#pragma once

#include <logboom/msgpack.hpp>

#include <algorithm>
#include <chrono>
#include <string_view>

/// What the benches of single functions have in common.
namespace logboom::micro {

/// A record as Docker's driver sends it: four fields, 365 bytes of msgpack with a `log` of 200.
inline OutBuffer docker_record(std::string_view log) {
  OutBuffer out;
  msgpack::Writer writer(out);
  writer.map(4);
  writer.string("container_id");
  writer.string("5780a95f0026abababababababababababababababababababababababababab");
  writer.string("container_name");
  writer.string("/quiet_heisenberg_of_the_north_and_the_west_42");
  writer.string("source");
  writer.string("stdout");
  writer.string("log");
  writer.string(log);
  return out;
}

/// Of one call: the best of some rounds.
template <class F>
double nanoseconds(F&& once) {
  constexpr int rounds = 200;
  constexpr int per_round = 1000;
  double best = 1e9;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < per_round; ++i) once();
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count() / per_round);
  }
  return best;
}

}  // namespace logboom::micro
