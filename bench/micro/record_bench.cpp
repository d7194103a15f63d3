/// Times RecordEditor on one Docker record (four fields, 365 bytes of msgpack) beside memcpy of the same bytes, and
/// the lookup of its last field.
#include <logboom/record_editor.hpp>

#include <cstdio>
#include <string>

#include "micro.hpp"

using logboom::OutBuffer;
using logboom::Record;
using logboom::RecordAccessor;
using logboom::RecordEditor;
using logboom::micro::docker_record;
using logboom::micro::nanoseconds;
using logboom::msgpack::Value;

int main() {
  const OutBuffer bytes = docker_record(std::string(200, 'x'));
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
