/// Times filters on batches of Docker records (four fields, 365 bytes of msgpack), a thousand events a batch, with
/// what the core does around them: a run that keeps all events, or makes them anew. In nanoseconds an event.
#include <logboom/parser.hpp>
#include <logboom/testing/filter_driver.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "micro.hpp"
#include "pipeline/event_run.hpp"
#include "pipeline/registry.hpp"

namespace {

using namespace logboom;
using logboom::testing::FakeContext;
using logboom::testing::section;

constexpr int events = 1000;

BatchPtr batch_of(const std::string& log) {
  testing::BatchOf batch("docker.web");
  const OutBuffer record = micro::docker_record(log);
  for (int i = 0; i < events; ++i) batch.packed(record.text());
  return batch.make();
}

const PluginInfo& info_of(PluginKind kind, std::string_view name) {
  static const std::vector<PluginInfo> all = builtin_plugins();
  return *std::find_if(all.begin(), all.end(), [&](const PluginInfo& i) { return i.kind == kind && i.name == name; });
}

void report(const char* what, const char* type, const FakeContext::Params& params, const Element& child,
            const std::string& log) {
  FakeContext context("filter", type, params);
  context.section().children.push_back(child);
  context.parsers = [](const PluginSection& wanted) -> BuildContext::ParserFactory {
    return [type = wanted.type] {
      FakeContext inner("parse", type);
      return std::unique_ptr<Parser>(
          static_cast<Parser*>(info_of(PluginKind::parser, type).make(inner.element(), inner).release()));
    };
  };
  const std::unique_ptr<Plugin> plugin = info_of(PluginKind::filter, type).make(context.element(), context);
  const BatchPtr batch = batch_of(log);
  SlabPool pool;
  EntryWriter writer;
  double best = 1e9;
  for (int round = 0; round < 500; ++round) {
    const auto start = std::chrono::steady_clock::now();
    FilterRun run({batch, writer, 0});
    static_cast<Filter&>(*plugin).apply(*batch, run);
    const BatchPtr kept = run.finish();
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count() / events);
  }
  std::printf("%-44s %6.1f ns\n", what, best);
}

Element pattern(const char* name, const char* text) { return section(name, {{"key", "log"}, {"pattern", text}}); }

}  // namespace

int main() {
  std::string line;
  while (line.size() < 200) line += "GET /index.html HTTP/1.1 200 in 12 ms; ";
  line.resize(200);
  report("grep: without conditions", "grep", {}, section("none", {}), line);
  report("grep: keeps by a text", "grep", {}, pattern("regexp", "/200 in/"), line);
  report("grep: keeps, the text is not there", "grep", {}, pattern("exclude", "/error/"), line);
  report("grep: drops, the text is not there", "grep", {}, pattern("regexp", "/error/"), line);
  report("grep: keeps by ^text", "grep", {}, pattern("regexp", "/^GET /"), line);
  report("grep: keeps by a regexp", "grep", {}, pattern("exclude", "/err(or)?|warn/i"), line);
  const std::string json = R"({"level":"info","status":200,"path":"/index.html","ms":12.5,"message":")" +
                           line.substr(0, 110) + R"(","user":"u-1234"})";
  const Element parse = section("parse", {{"@type", "json"}});
  report("parser: json", "parser", {{"key_name", "log"}}, parse, json);
  report("parser: json, reserve_data", "parser", {{"key_name", "log"}, {"reserve_data", "true"}}, parse, json);
  return 0;
}
