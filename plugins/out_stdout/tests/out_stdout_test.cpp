#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <logboom/line_writer.hpp>

#include <csignal>
#include <future>
#include <sstream>

#include "output/output_test_support.hpp"

namespace logboom::plugins {
PluginInfo out_stdout();
}

namespace {

using namespace logboom;
using namespace logboom::test;

/// A pipe; what is written to it is read by a thread until the end.
struct Pipe {
  Pipe() {
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    std::signal(SIGPIPE, SIG_IGN);
  }
  ~Pipe() {
    close_reader();
    if (ends[1] >= 0) ::close(ends[1]);
  }
  void close_reader() {
    if (ends[0] >= 0) ::close(std::exchange(ends[0], -1));
  }
  std::string read_to_end() {
    ::close(std::exchange(ends[1], -1));
    std::string text;
    char part[4096];
    for (ssize_t n = 0; (n = ::read(ends[0], part, sizeof part)) > 0;) text.append(part, static_cast<std::size_t>(n));
    return text;
  }
  int ends[2] = {-1, -1};
};

/// Puts another descriptor in the place of stdout for a while.
struct StdoutAt {
  explicit StdoutAt(int fd) : saved(::dup(STDOUT_FILENO)) {
    std::fflush(stdout);
    ::dup2(fd, STDOUT_FILENO);
  }
  ~StdoutAt() {
    ::dup2(saved, STDOUT_FILENO);
    ::close(saved);
  }
  int saved;
};

TEST(OutStdout, writes_the_lines_of_its_formatter) {
  Pipe pipe;
  TestContext context("@type stdout");
  WriteResult result;
  {
    StdoutAt there(pipe.ends[1]);
    const auto output = make_output<ChunkOutput>(plugins::out_stdout(), context);
    result = output->write(chunk_of({batch_of("a.b", 1, 2), batch_of("c", -1, 2)}));
    output->idle();
  }
  EXPECT_EQ(result.status, WriteResult::Status::done);
  EXPECT_EQ(result.invalid_events, 1u);
  EXPECT_EQ(pipe.read_to_end(), "a.b 1\na.b 2\nc 0\n");
  EXPECT_EQ(context.format.type, "stdout");
}

TEST(OutStdout, is_flushed_at_once_and_acks_what_is_written) {
  TestContext context("@type stdout");
  const auto output = make_output<ChunkOutput>(plugins::out_stdout(), context);
  EXPECT_TRUE(output->buffer_defaults().immediate);
  EXPECT_TRUE(output->buffer_defaults().ack_when_written);
}

TEST(OutStdout, a_closed_reader_is_a_retry_with_the_reason) {
  Pipe pipe;
  TestContext context("@type stdout");
  WriteResult result;
  {
    StdoutAt there(pipe.ends[1]);
    const auto output = make_output<ChunkOutput>(plugins::out_stdout(), context);
    pipe.close_reader();
    result = output->write(chunk_of({batch_of("a", 1, 1)}));
  }
  EXPECT_EQ(result.status, WriteResult::Status::retry);
  EXPECT_EQ(result.reason, "stdout: Broken pipe");
}

TEST(LineWriter, several_writers_keep_their_lines_whole) {
  Pipe pipe;
  auto reader = std::async(std::launch::async, [fd = pipe.ends[0]] {
    std::string text;
    char part[4096];
    for (ssize_t n = 0; (n = ::read(fd, part, sizeof part)) > 0;) text.append(part, static_cast<std::size_t>(n));
    return text;
  });
  std::vector<std::thread> threads;
  for (char c = 'a'; c < 'd'; ++c) {
    threads.emplace_back([&, c] {
      LineWriter lines(pipe.ends[1]);
      for (int i = 0; i < 20; ++i) EXPECT_EQ(lines.write(std::string(100000, c) + "\n"), "");
    });
  }
  for (std::thread& thread : threads) thread.join();
  ::close(std::exchange(pipe.ends[1], -1));
  std::istringstream text(reader.get());
  int count = 0;
  for (std::string line; std::getline(text, line); ++count) {
    ASSERT_EQ(line.size(), 100000u);
    ASSERT_EQ(line.find_first_not_of(line[0]), std::string::npos);
  }
  EXPECT_EQ(count, 60);
}

void expect_interruptible(int writing) {
  LineWriter lines(writing);
  auto done = std::async(std::launch::async, [&] { return lines.write(std::string(4 << 20, 'x')); });
  EXPECT_EQ(done.wait_for(50ms), std::future_status::timeout);
  lines.interrupt();
  EXPECT_EQ(done.get(), "interrupted by the shutdown");
}

TEST(LineWriter, a_reader_that_stands_still_does_not_hold_an_interrupt_up) {
  Pipe pipe;
  expect_interruptible(pipe.ends[1]);
  int pair[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  expect_interruptible(pair[0]);
  ::close(pair[0]);
  ::close(pair[1]);
}

TEST(LineWriter, after_a_failure_in_mid_line_the_next_text_starts_on_its_own_line) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  LineWriter lines(::fileno(file));
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit limit{10, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  const std::string error = lines.write("whole\nin the middle\n");
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(error, "File too large");
  EXPECT_EQ(lines.write("next\n"), "");
  EXPECT_EQ(lines.write("no line end"), "");
  EXPECT_EQ(lines.write("added"), "");
  char text[100] = {};
  EXPECT_GT(::pread(::fileno(file), text, sizeof text, 0), 0);
  EXPECT_STREQ(text, "whole\nin t\nnext\nno line endadded");
  std::fclose(file);
}

}  // namespace
