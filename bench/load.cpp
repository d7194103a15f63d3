// Sends Docker-like records to a forward server and reports what it did as one JSON object on stdout.

#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "args.hpp"
#include "net.hpp"
#include "payload.hpp"
#include "sender.hpp"

namespace logboom::bench {
namespace {

constexpr const char* usage =
    "load --to HOST:PORT|unix:/PATH [--mode message|forward|packed|gzip] [--events N] [--connections N]\n"
    "     [--write-size BYTES|docker]  message mode: bytes gathered into one write (65536), or one message a write\n"
    "     [--chunk-events N]           the other modes: events a chunk, one chunk a write (1000)\n"
    "     [--rate EVENTS_PER_SECOND]   open loop in steps of --step-us (100, at most 1000); else saturation\n"
    "     [--ack]                      chunk ids; each connection waits for its ack; one message a write\n"
    "     [--log text|json|nginx]      what the log line is\n"
    "     [--tag TAG] [--tags K] [--log-bytes N] [--time int|event] [--keys random|fixed] [--seed N]\n"
    "     [--gzip-level N] [--first-seq N] [--sndbuf BYTES] [--max-seconds S] [--drain-seconds S]\n"
    "     [--hold SECONDS]             then keep the connections open until stdin ends or the time is over\n"
    "     [--describe]                 print the size of a message and stop\n";

PayloadOptions payload_options(Args& args) {
  PayloadOptions options;
  const auto mode = parse_mode(args.text("mode", "message"));
  if (!mode) throw std::invalid_argument("--mode: message, forward, packed or gzip");
  options.mode = *mode;
  const auto log_line = parse_log_line(args.text("log", "text"));
  if (!log_line) throw std::invalid_argument("--log: text, json or nginx");
  options.log_line = *log_line;
  options.tag = args.text("tag", options.tag);
  options.tags = args.number("tags", options.tags);
  options.log_bytes = args.number("log-bytes", options.log_bytes);
  options.random_keys = args.text("keys", "random") == "random";
  options.event_time = args.text("time", "int") == "event";
  options.ack = args.flag("ack");
  options.gzip_level = static_cast<int>(args.number("gzip-level", 6));
  options.seed = args.number("seed", options.seed);
  return options;
}

std::size_t message_bytes(PayloadOptions options) {
  options.mode = Mode::message;
  return PayloadBuilder(options).build(1, 0).bytes.size();
}

std::size_t events_per_write(Args& args, const PayloadOptions& options) {
  const std::size_t chunk_events = args.number("chunk-events", 1000);
  const std::string write_size = args.text("write-size", options.ack ? "docker" : "65536");
  if (options.mode != Mode::message) return chunk_events;
  if (write_size == "docker" || options.ack) return 1;
  return std::max<std::size_t>(1, std::stoul(write_size) / message_bytes(options));
}

SendPlan send_plan(Args& args, const PayloadOptions& options) {
  SendPlan plan;
  plan.to = parse_address(args.text("to", ""));
  plan.connections = args.number("connections", plan.connections);
  plan.events = args.number("events", plan.events);
  plan.first_seq = args.number("first-seq", 0);
  plan.events_per_write = events_per_write(args, options);
  plan.rate = args.real("rate", 0);
  plan.step_ns = static_cast<std::int64_t>(args.number("step-us", 100)) * 1000;
  if (plan.step_ns <= 0 || plan.step_ns > 1'000'000) throw std::invalid_argument("--step-us: 1 to 1000");
  plan.max_seconds = args.real("max-seconds", plan.max_seconds);
  plan.drain_seconds = args.real("drain-seconds", plan.drain_seconds);
  plan.sndbuf = static_cast<int>(args.number("sndbuf", 0));
  return plan;
}

void print_result(const SendResult& r, const SendPlan& plan, const PayloadOptions& options) {
  const double rate = r.send_seconds > 0 ? static_cast<double>(r.events) / r.send_seconds : 0;
  const bool held = plan.rate <= 0 || (rate >= 0.99 * plan.rate && r.late * 100 <= r.events);
  const auto ull = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
  std::printf("{\"events\": %llu, \"bytes\": %llu, \"message_bytes\": %zu, \"connections\": %zu, ", ull(r.events),
              ull(r.bytes), message_bytes(options), plan.connections);
  std::printf("\"seconds\": %.6f, \"send_seconds\": %.6f, \"cpu_seconds\": %.6f, ", r.seconds, r.send_seconds,
              r.cpu_seconds);
  std::printf("\"rate\": %.1f, \"target_rate\": %.1f, \"held\": %s, \"late\": %llu, \"max_lag_ms\": %.3f, ", rate,
              plan.rate, held ? "true" : "false", ull(r.late), r.max_lag_ms);
  std::printf("\"writes\": %llu, \"blocked\": %llu, \"acks\": %llu, \"bad_acks\": %llu, ", ull(r.writes),
              ull(r.blocked), ull(r.acks), ull(r.bad_acks));
  std::printf("\"drained\": %llu, \"lost_connections\": %llu, \"complete\": %s}\n", ull(r.drained),
              ull(r.lost_connections), r.complete ? "true" : "false");
  std::fflush(stdout);
}

void hold_connections(double seconds) {
  const std::int64_t end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
  pollfd input{STDIN_FILENO, POLLIN, 0};
  char ignored[64];
  while (now_ns() < end) {
    if (poll(&input, 1, 100) > 0 && read(STDIN_FILENO, ignored, sizeof ignored) <= 0) return;
  }
}

int run(int argc, char** argv) {
  Args args(argc, argv, {"ack", "describe", "help"});
  if (args.flag("help") || argc == 1) {
    std::fputs(usage, stdout);
    return 0;
  }
  const PayloadOptions options = payload_options(args);
  if (args.flag("describe")) {
    std::printf("{\"message_bytes\": %zu}\n", message_bytes(options));
    return 0;
  }
  const SendPlan plan = send_plan(args, options);
  const double hold = args.real("hold", 0);
  args.reject_unknown();

  raise_file_limit();
  prctl(PR_SET_TIMERSLACK, 1);
  PayloadBuilder builder(options);
  Sender sender(plan, builder);
  sender.run();
  if (hold <= 0) sender.drain();
  print_result(sender.result(), plan, options);
  if (hold > 0) hold_connections(hold);
  return sender.result().complete ? 0 : 1;
}

}  // namespace
}  // namespace logboom::bench

int main(int argc, char** argv) {
  try {
    return logboom::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load: %s\n", error.what());
    return 2;
  }
}
