/// Times RecordEditor on one Docker record (four fields, 365 bytes of msgpack) beside memcpy of the same bytes, and
/// the lookup of its last field.
#include <logboom/record_editor.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

namespace {

using logboom::OutBuffer;
using logboom::Record;
using logboom::RecordAccessor;
using logboom::RecordEditor;
using logboom::msgpack::Value;

OutBuffer docker_record() {
  OutBuffer out;
  logboom::msgpack::Writer writer(out);
  writer.map(4);
  writer.string("container_id");
  writer.string("5780a95f0026abababababababababababababababababababababababababab");
  writer.string("container_name");
  writer.string("/quiet_heisenberg_of_the_north_and_the_west_42");
  writer.string("source");
  writer.string("stdout");
  writer.string("log");
  writer.string(std::string(200, 'x'));
  return out;
}

template <class F>
double nanoseconds(F&& once) {
  constexpr int per_round = 1000;
  double best = 1e9;
  for (int round = 0; round < 300; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < per_round; ++i) once();
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count() / per_round);
  }
  return best;
}

}  // namespace

int main() {
  const OutBuffer bytes = docker_record();
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const Record record(Value(data, data + bytes.size()));
  OutBuffer out;
  RecordEditor editor;
  const auto report = [&](const char* name, auto&& once) {
    std::printf("%-28s %6.1f ns\n", name, nanoseconds([&] {
                  if (out.size() > 60'000) out.clear();
                  once();
                }));
  };
  report("copy", [&] { out.append(bytes.text()); });
  report("set two new fields", [&] {
    editor.start(record);
    editor.set("hostname", "node-17");
    editor.set("tag", "docker.web");
    editor.write(out);
  });
  report("replace one, remove one", [&] {
    editor.start(record);
    editor.set("source", "stderr");
    editor.remove("container_id");
    editor.write(out);
  });
  const RecordAccessor last = RecordAccessor::compile("log");
  std::size_t found = 0;
  report("find the last field", [&] { found += last.find(record).size(); });
  return found == 0 ? 1 : 0;
}
