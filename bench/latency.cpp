// Starts a server, writes messages to it over several connections, and measures the time from each message's write()
// to the read() that brings its line from the server's stdout.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "args.hpp"
#include "net.hpp"
#include "payload.hpp"

namespace logboom::bench {
namespace {

constexpr const char* usage =
    "latency --to HOST:PORT|unix:/PATH [--connections 20] [--rate 2000] [--seconds 10] [--warmup 0.5] [--seed 1]\n"
    "        [--time int|event] -- SERVER ARGS…\n"
    "Messages leave at random (exponentially spread) moments, so that no timer of the server can keep step.\n";

// A child with a pipe on its stdout; ended by SIGTERM, or SIGKILL after five seconds.
class Child {
 public:
  explicit Child(const std::vector<std::string>& command) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe2");
    output_.reset(ends[0]);
    const Fd writer(ends[1]);
    fcntl(output_.get(), F_SETFL, O_NONBLOCK);
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ < 0) throw_errno("fork");
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(writer.get(), STDOUT_FILENO);
      execvp(argv[0], argv.data());
      _exit(127);
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (exited()) return;
    kill(pid_, SIGTERM);
    const std::int64_t end = now_ns() + 5'000'000'000;
    while (now_ns() < end) {
      discard_output();
      if (exited()) return;
      sleep_until_ns(now_ns() + 5'000'000);
    }
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  bool exited() {
    if (!reaped_) reaped_ = waitpid(pid_, nullptr, WNOHANG) == pid_;
    return reaped_;
  }
  int output() const { return output_.get(); }

 private:
  void discard_output() const {
    char ignored[4096];
    while (read(output_.get(), ignored, sizeof ignored) > 0) {
    }
  }

  Fd output_;
  pid_t pid_ = -1;
  bool reaped_ = false;
};

struct LatencyPlan {
  Address to;
  std::size_t connections = 20;
  double rate = 2000;
  double seconds = 10;
  double warmup = 0.5;
  std::uint64_t seed = 1;
};

class Meter {
 public:
  Meter(const LatencyPlan& plan, PayloadBuilder& builder, int output)
      : plan_(plan), builder_(builder), output_(output) {
    for (std::size_t i = 0; i < plan_.connections; ++i) units_.push_back(builder_.build(1, i));
    total_ = static_cast<std::size_t>((plan_.seconds + plan_.warmup) * plan_.rate);
    warmup_ = static_cast<std::size_t>(plan_.warmup * plan_.rate);
    sent_at_.resize(total_);
    taken_.resize(total_, -1);
  }

  void connect(Child& child) {
    const std::int64_t end = now_ns() + 10'000'000'000;
    while (sockets_.empty()) {
      try {
        sockets_.push_back(connect_to(plan_.to));
      } catch (const std::system_error&) {
        if (child.exited()) throw std::runtime_error("the server ended before it listened");
        if (now_ns() > end) throw std::runtime_error("the server does not listen");
        sleep_until_ns(now_ns() + 1'000'000);
      }
    }
    while (sockets_.size() < plan_.connections) sockets_.push_back(connect_to(plan_.to));
  }

  void run() {
    std::mt19937_64 random(plan_.seed);
    std::exponential_distribution<double> gap(plan_.rate);
    std::int64_t next = now_ns();
    for (std::size_t seq = 0; seq < total_; ++seq) {
      next += static_cast<std::int64_t>(gap(random) * 1e9);
      read_until(next);
      send_one(seq);
    }
    const std::int64_t end = now_ns() + 3'000'000'000;
    while (seen_ < total_ && now_ns() < end) read_until(std::min(end, now_ns() + 50'000'000));
  }

  bool print() const {
    std::vector<double> all;
    for (std::size_t i = warmup_; i < total_; ++i) {
      if (taken_[i] >= 0) all.push_back(static_cast<double>(taken_[i]) * 1e-6);
    }
    std::sort(all.begin(), all.end());
    const auto at = [&all](double q) {
      if (all.empty()) return 0.0;
      const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(all.size())));
      return all[std::clamp<std::size_t>(rank, 1, all.size()) - 1];
    };
    std::printf("{\"count\": %zu, \"missing\": %zu, \"duplicates\": %zu, ", all.size(), total_ - seen_, duplicates_);
    std::printf("\"p50_ms\": %.4f, \"p90_ms\": %.4f, \"p99_ms\": %.4f, \"max_ms\": %.4f, ", at(0.5), at(0.9), at(0.99),
                at(1));
    std::printf("\"rate\": %.1f, \"connections\": %zu}\n", plan_.rate, plan_.connections);
    return seen_ == total_ && duplicates_ == 0;
  }

 private:
  void send_one(std::size_t seq) {
    const std::size_t i = seq % sockets_.size();
    builder_.stamp(units_[i], seq, 0);
    const std::string& bytes = units_[i].bytes;
    sent_at_[seq] = now_ns();
    if (send(sockets_[i].get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
      throw_errno("send");
    }
  }

  // Takes lines until `deadline`; at least looks once.
  void read_until(std::int64_t deadline) {
    do {
      const std::int64_t left = std::max<std::int64_t>(0, deadline - now_ns());
      const timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
      pollfd waiting{output_, POLLIN, 0};
      if (ppoll(&waiting, 1, &timeout, nullptr) > 0) take_lines();
    } while (now_ns() < deadline);
  }

  void take_lines() {
    char buffer[65536];
    const ssize_t got = read(output_, buffer, sizeof buffer);
    const std::int64_t now = now_ns();
    if (got == 0) throw std::runtime_error("the server closed its stdout");
    if (got < 0) return;
    text_.append(buffer, static_cast<std::size_t>(got));
    std::size_t from = 0;
    for (std::size_t end = 0; (end = text_.find('\n', from)) != std::string::npos; from = end + 1) {
      take_line(std::string_view(text_).substr(from, end - from), now);
    }
    text_.erase(0, from);
  }

  void take_line(std::string_view line, std::int64_t now) {
    const std::size_t at = line.find(seq_mark);
    if (at == std::string_view::npos) return;
    const std::string digits(line.substr(at + seq_mark.size(), seq_digits));
    const std::size_t seq = std::strtoull(digits.c_str(), nullptr, 10);
    if (seq >= total_) return;
    if (taken_[seq] >= 0) {
      ++duplicates_;
      return;
    }
    taken_[seq] = now - sent_at_[seq];
    ++seen_;
  }

  const LatencyPlan plan_;
  PayloadBuilder& builder_;
  int output_;
  std::size_t total_ = 0;
  std::size_t warmup_ = 0;
  std::size_t seen_ = 0;
  std::size_t duplicates_ = 0;
  std::vector<Fd> sockets_;
  std::vector<Unit> units_;
  std::vector<std::int64_t> sent_at_;
  std::vector<std::int64_t> taken_;
  std::string text_;
};

int run(int argc, char** argv) {
  Args args(argc, argv, {"help"});
  if (args.flag("help") || args.rest().empty()) {
    std::fputs(usage, stdout);
    return argc == 1 ? 0 : 2;
  }
  LatencyPlan plan;
  plan.to = parse_address(args.text("to", ""));
  plan.connections = args.number("connections", plan.connections);
  plan.rate = args.real("rate", plan.rate);
  plan.seconds = args.real("seconds", plan.seconds);
  plan.warmup = args.real("warmup", plan.warmup);
  plan.seed = args.number("seed", plan.seed);
  PayloadOptions options;
  options.seed = plan.seed;
  options.event_time = args.text("time", "int") == "event";
  args.reject_unknown();
  if (plan.connections == 0 || plan.rate <= 0) throw std::invalid_argument("nothing to send");

  prctl(PR_SET_TIMERSLACK, 1);
  PayloadBuilder builder(options);
  Child child(args.rest());
  Meter meter(plan, builder, child.output());
  meter.connect(child);
  meter.run();
  return meter.print() ? 0 : 1;
}

}  // namespace
}  // namespace logboom::bench

int main(int argc, char** argv) {
  try {
    return logboom::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "latency: %s\n", error.what());
    return 2;
  }
}
