#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include <logboom/formatter.hpp>
#include <logboom/testing/filter_driver.hpp>

#include "../printer.hpp"

namespace logboom::plugins {
PluginInfo filter_stdout();
PluginInfo formatter_json();
}  // namespace logboom::plugins

namespace {

using namespace logboom;
using logboom::testing::FakeContext;
using logboom::testing::FilterDriver;
using logboom::testing::RecordingLog;

struct Pipe {
  Pipe() {
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    std::signal(SIGPIPE, SIG_IGN);
  }
  ~Pipe() {
    close(0);
    close(1);
  }
  void close(int end) {
    if (ends[end] >= 0) ::close(std::exchange(ends[end], -1));
  }
  std::string read_to_end() {
    close(1);
    std::string text;
    char part[65536];
    for (ssize_t n = 0; (n = ::read(ends[0], part, sizeof part)) > 0;) text.append(part, static_cast<std::size_t>(n));
    return text;
  }
  int ends[2] = {-1, -1};
};

TEST(FilterStdout, prints_events_and_lets_them_pass) {
  Pipe pipe;
  const int saved = ::dup(STDOUT_FILENO);
  std::fflush(stdout);
  ::dup2(pipe.ends[1], STDOUT_FILENO);
  std::string passed;
  {
    FilterDriver filter(plugins::filter_stdout(), {}, [](FakeContext& context) {
      context.section().children.push_back(logboom::testing::section("inject", {{"tag_key", "tag"}}));
      context.formatters = [](const PluginSection&) -> BuildContext::FormatterFactory {
        return [] {
          FakeContext inner("format", "json");
          std::unique_ptr<Plugin> made = plugins::formatter_json().make(inner.element(), inner);
          return std::unique_ptr<Formatter>(static_cast<Formatter*>(made.release()));
        };
      };
    });
    passed = filter.record(R"({"a":1})");
    passed += filter.record(R"({"b":2})");
  }
  ::dup2(saved, STDOUT_FILENO);
  ::close(saved);
  EXPECT_EQ(passed, R"({"a":1}{"b":2})");
  EXPECT_EQ(pipe.read_to_end(), "{\"a\":1,\"tag\":\"t\"}\n{\"b\":2,\"tag\":\"t\"}\n");
}

TEST(FilterStdout, a_reader_who_stands_still_loses_lines_that_are_counted_and_holds_nobody_up) {
  Pipe pipe;
  RecordingLog log;
  const std::string line = std::string(99'999, 'x') + "\n";
  std::uint64_t dropped = 0;
  const auto start = std::chrono::steady_clock::now();
  {
    plugins::Printer printer(pipe.ends[1], 1'000'000, "p", log);
    for (int i = 0; i < 50; ++i) printer.print(line, 1);
    dropped = printer.dropped().value();
    EXPECT_GE(dropped, 20u);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_GE(log.count("p: lines are not printed"), 1u);
}

TEST(FilterStdout, everything_that_was_queued_is_written_at_the_end) {
  Pipe pipe;
  RecordingLog log;
  std::string read;
  std::thread reader;
  {
    plugins::Printer printer(pipe.ends[1], 100'000'000, "p", log);
    for (int i = 0; i < 2000; ++i) printer.print(cat("line ", i, "\n"), 1);
    reader = std::thread([&, fd = pipe.ends[0]] {
      char part[65536];
      for (ssize_t n = 0; (n = ::read(fd, part, sizeof part)) > 0;) read.append(part, static_cast<std::size_t>(n));
    });
  }
  pipe.close(1);
  reader.join();
  EXPECT_EQ(std::count(read.begin(), read.end(), '\n'), 2000);
  EXPECT_TRUE(read.ends_with("line 1999\n"));
}

TEST(FilterStdout, a_reader_who_is_gone_is_counted) {
  Pipe pipe;
  RecordingLog log;
  pipe.close(0);
  plugins::Printer printer(pipe.ends[1], 1000, "p", log);
  printer.print("a\nb\n", 2);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (printer.dropped().value() == 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(printer.dropped().value(), 2u);
}

}  // namespace
