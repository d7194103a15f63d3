#include <logboom/input.hpp>

#include <csignal>

#include "child.hpp"
#include "options.hpp"
#include "sessions.hpp"

namespace logboom {

namespace in_exec {
namespace {

/// Starts the command when its time has come, and sees it end.
class ExecTask final : public net::Task {
 public:
  using Clock = std::chrono::steady_clock;

  ExecTask(net::Source& source, const Options& options, Log& log, const net::Host::Adopter& out,
           const net::Host::Adopter& err)
      : source_(source), options_(options), log_(log), out_(out), err_(err) {
    if (options_.run_interval) next_run_ += *options_.run_interval;
    wait();
  }
  ~ExecTask() override { child_.signal(SIGKILL); }

  void on_timer() override {
    if (const auto how = child_.reap(); how && !how->empty() && !stopping_) {
      log_.warn(cat("exec: '", options_.command, "' ended: ", *how));
    }
    if (stopping_ && Clock::now() >= kill_at_) child_.signal(SIGKILL);
    if (!stopping_ && runs_left_ && Clock::now() >= next_run_) run();
    wait();
  }
  void on_stop() override {
    stopping_ = true;
    kill_at_ = Clock::now() + patience;
    child_.signal(SIGTERM);
    wait();
  }
  bool waiting() const override { return child_.running(); }

 private:
  static constexpr std::chrono::seconds patience{2};
  static constexpr std::chrono::milliseconds look{20};

  void run() {
    runs_left_ = options_.run_interval.has_value();
    const auto interval = options_.run_interval.value_or(std::chrono::nanoseconds(0));
    next_run_ = std::max(next_run_ + interval, Clock::now());
    if (child_.running()) return;
    try {
      const Child::Pipes pipes = child_.start(options_.command, options_.connect_mode == ConnectMode::read_with_stderr);
      const std::string name = cat("child ", child_.pid());
      out_(pipes.out, name);
      if (pipes.err >= 0) err_(pipes.err, name);
    } catch (const std::exception& error) {
      log_.error(cat("exec: '", options_.command, "': ", std::string_view(error.what())));
    }
  }

  void wait() {
    if (child_.running()) return source_.set_timer(look);
    if (stopping_ || !runs_left_) return;
    const auto until = std::chrono::ceil<std::chrono::microseconds>(next_run_ - Clock::now());
    source_.set_timer(std::max(until, std::chrono::microseconds(0)));
  }

  net::Source& source_;
  const Options& options_;
  Log& log_;
  const net::Host::Adopter& out_;
  const net::Host::Adopter& err_;
  Child child_;
  Clock::time_point next_run_ = Clock::now();
  Clock::time_point kill_at_{};
  bool runs_left_ = true;
  bool stopping_ = false;
};

class ExecInput final : public Input {
 public:
  using Options = in_exec::Options;

  ExecInput(Options options, BuildContext& context)
      : options_(std::move(options)),
        extractor_(options_.extract, context.element()),
        parsers_(context.parser(options_.parse)) {
    const Element& element = context.element();
    if (options_.tag.empty() && !extractor_.extracts_tag()) {
      throw ConfigError(element.pos, "exec needs a `tag`, or an <extract> section with a `tag_key`");
    }
    if (options_.run_interval && options_.run_interval->count() <= 0) {
      throw ConfigError(element.find("run_interval")->value_pos, "run_interval must be longer than nothing");
    }
  }

  void start(net::Host& host) override {
    shared_ = std::make_unique<Shared>(host);
    out_ = host.adopter([this](net::Connection& connection) {
      TextEvents::Spec spec{options_.tag, options_.emit_unmatched_lines, cat("exec: ", connection.peer())};
      return std::make_unique<OutputSession>(connection, *shared_, parsers_(), extractor_, std::move(spec));
    });
    Log& log = host.log();
    err_ =
        host.adopter([&log](net::Connection& connection) { return std::make_unique<StderrSession>(connection, log); });
    host.run(
        [this, &log](net::Source& source) { return std::make_unique<ExecTask>(source, options_, log, out_, err_); });
  }

 private:
  Options options_;
  Extractor extractor_;
  BuildContext::ParserFactory parsers_;
  std::unique_ptr<Shared> shared_;
  net::Host::Adopter out_;
  net::Host::Adopter err_;
};

}  // namespace
}  // namespace in_exec

namespace plugins {

PluginInfo in_exec() {
  return describe_plugin<logboom::in_exec::ExecInput>(PluginKind::input, "exec",
                                                      "Runs a command and reads its output.");
}

}  // namespace plugins
}  // namespace logboom
