#include <logboom/input.hpp>
#include <logboom/testing.hpp>

#include <cstdio>
#include <cstdlib>

namespace logboom::plugins {
PluginInfo in_http();
}

namespace {

using namespace logboom;
using namespace logboom::testing;

struct Started {
  Started() : context("source", "http", {{"add_http_headers", "true"}, {"body_size_limit", "4k"}}) {
    plugin = plugins::in_http().make(context.element(), context);
    dynamic_cast<Input&>(*plugin).start(host);
  }
  FakeContext context;
  FakeHost host;
  std::unique_ptr<Plugin> plugin;
};

/// What a client is sent, without the answer 100, which depends on when the body comes, and without the refusal that
/// ends a connection: of several things that are wrong with a request, which one is found first depends on the cuts.
std::string answers(SessionDriver& client) {
  std::string all;
  for (const std::string& part : client.connection().sent()) {
    const std::string status = part.substr(0, 12);
    const bool refused =
        status == "HTTP/1.1 400" || status == "HTTP/1.1 413" || status == "HTTP/1.1 417" || status == "HTTP/1.1 431";
    const bool last = refused && part.find("\r\nConnection: close\r\n") != std::string::npos;
    if (!last && !part.starts_with("HTTP/1.1 100")) all += part;
  }
  return all;
}

std::string records(SessionDriver& client) {
  std::string all;
  for (const Row& row : client.connection().rows()) all += row.tag + row.record + "\n";
  return all;
}

void same(const char* what, const std::string& whole, const std::string& cut) {
  if (whole == cut) return;
  std::fprintf(stderr, "%s of the whole:\n%s\n%s of the pieces:\n%s\n", what, whole.c_str(), what, cut.c_str());
  std::abort();
}

}  // namespace

/// However the stream is cut, the same events come of it and the same answers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Started started;
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  const auto whole = started.host.connect();
  whole->feed(stream);
  const auto cut = started.host.connect();
  cut->feed_bytewise(stream);
  same("answers", answers(*whole), answers(*cut));
  same("records", records(*whole), records(*cut));
  return 0;
}
