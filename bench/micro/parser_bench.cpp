/// Times each parser on a usual line of it, and TimeParser by itself, in the thread's own CPU time; nanoseconds for one
/// text are CPU milliseconds for a million.
#include <logboom/testing/parser_driver.hpp>
#include <logboom/timeparse.hpp>

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "pipeline/registry.hpp"

namespace {

using namespace logboom;
using testing::FakeContext;
using testing::ParserDriver;

struct Count final : ParsedSink {
  void record(const std::optional<EventTime>&, const msgpack::Value& map) override { bytes += map.size(); }
  std::size_t bytes = 0;
};

double thread_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// The best of some rounds, each over all texts.
template <class F>
double nanoseconds(const std::vector<std::string>& texts, F&& once) {
  double best = 1e12;
  for (int round = 0; round < 100; ++round) {
    const double start = thread_nanoseconds();
    for (const std::string& text : texts) once(text);
    best = std::min(best, (thread_nanoseconds() - start) / static_cast<double>(texts.size()));
  }
  return best;
}

/// A thousand texts; `@` is the second of the time, which changes every tenth text.
std::vector<std::string> texts_of(const std::string& text) {
  std::vector<std::string> out;
  for (int i = 0; i < 1000; ++i) {
    std::string one = text;
    const int second = i / 10 % 60;
    const std::string digits{static_cast<char>('0' + second / 10), static_cast<char>('0' + second % 10)};
    if (const std::size_t at = one.find('@'); at != std::string::npos) one.replace(at, 1, digits);
    out.push_back(std::move(one));
  }
  return out;
}

PluginInfo parser(std::string_view name) {
  for (PluginInfo& info : builtin_plugins()) {
    if (info.kind == PluginKind::parser && info.name == name) return info;
  }
  std::abort();
}

void report(const char* title, std::string_view name, const FakeContext::Params& params, const std::string& text) {
  ParserDriver driver(parser(name), params);
  const std::vector<std::string> texts = texts_of(text);
  Count count;
  std::string error;
  const double time = nanoseconds(texts, [&](const std::string& each) {
    if (driver.parser().parse(each, count, error)) return;
    std::printf("%s: %s\n", title, error.c_str());
    std::exit(1);
  });
  std::printf("%-28s %4zu bytes  %7.1f ns\n", title, texts[0].size(), time);
}

void report_time(const char* format, const std::string& text) {
  TimeParser times = TimeParser::compile(format, TimeZone::local());
  const std::vector<std::string> texts = texts_of(text);
  EventTime time;
  const double usual = nanoseconds(texts, [&](const std::string& each) { times.parse(each, time); });
  std::vector<std::string> other;  // two in turn, so that nothing is remembered
  for (std::size_t i = 0; i < texts.size(); ++i) other.push_back(texts[i % 2 * 500]);
  const double cold = nanoseconds(other, [&](const std::string& each) {
    if (!times.parse(each, time)) std::exit(1);
  });
  std::printf("time %-23s %4zu bytes  %7.1f ns, %7.1f ns when each is another\n", format, text.size(), usual, cold);
}

}  // namespace

int main() {
  const std::string json =
      R"({"time":"2023-11-14T22:13:@.123Z","level":"info","msg":"request done","method":"GET","path":"/api/v1/users/42",)"
      R"("status":200,"duration":0.0123,"user":{"id":42,"name":"anna"},"ok":true,"trace":"5780a95f00"})";
  const std::string access =
      R"(203.0.113.7 - frank [14/Nov/2023:22:13:@ +0000] "GET /images/logo.png?v=12 HTTP/1.1" 200 2326 )"
      R"("https://www.example.com/start.html" "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0")";
  report("json", "json", {{"time_key", "at"}}, json);
  report("json, its time", "json", {{"time_format", "%iso8601"}}, json);
  report("json, types", "json", {{"time_format", "%iso8601"}, {"types", "status:string,trace:integer"}}, json);
  report("nginx", "nginx", {}, access);
  report("apache2", "apache2", {}, access);
  report("apache (regexp)", "apache", {}, access);
  report("none", "none", {}, access);
  report("csv", "csv", {{"keys", "a,b,c,d,e"}}, R"(2023-11-14 22:13:20,web1,"GET /images/logo.png, ""x""",200,2326)");
  report("tsv", "tsv", {{"keys", "a,b,c,d"}}, "2023-11-14 22:13:20\tweb1\tGET /images/logo.png\t200");
  report("ltsv", "ltsv", {{"time_format", "%iso8601"}},
         "time:2023-11-14T22:13:@Z\thost:203.0.113.7\treq:GET /images/logo.png HTTP/1.1\tstatus:200\tsize:2326");
  report(
      "logfmt", "logfmt", {{"time_format", "%iso8601"}},
      R"(time=2023-11-14T22:13:@Z level=info msg="request done" method=GET path=/api/v1/users/42 status=200 took=0.0123)");
  report("cri", "cri", {}, "2023-11-14T22:13:@.123456789Z stdout F 203.0.113.7 GET /images/logo.png HTTP/1.1 200 2326");
  report_time("%d/%b/%Y:%H:%M:%S %z", "14/Nov/2023:22:13:@ +0000");
  report_time("%Y-%m-%d %H:%M:%S.%N", "2023-11-14 22:13:@.123456789");
  report_time("%iso8601", "2023-11-14T22:13:@.123456789Z");
  report_time("%b %e %H:%M:%S", "Nov 14 22:13:@");
  report_time("", "Tue Nov 14 22:13:@ 2023");
}
