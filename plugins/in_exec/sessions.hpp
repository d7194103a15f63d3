#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <logboom/text_events.hpp>

namespace logboom::in_exec {

/// Cuts what a child writes into lines; the last needs no line end.
class LineSession : public net::Session {
 public:
  std::size_t on_bytes(const SlabPtr& slab, std::uint8_t* data, std::size_t size) override;
  void on_end(net::End end, std::size_t unconsumed) override;

 protected:
  virtual void line(std::string_view text) = 0;
  virtual void lines_end() {}
  virtual void too_long() {}

 private:
  std::string begun_;
  bool skipping_ = false;
};

/// What the readers of one input's children share. Outlives them.
struct Shared {
  explicit Shared(net::Host& host) : counts(host), too_long(host.dropped("too_long")) {}
  TextEventCounts counts;
  Counter& too_long;
};

/// Its output.
class OutputSession final : public LineSession {
 public:
  OutputSession(net::Connection& connection, Shared& shared, std::unique_ptr<Parser> parser, Extractor extractor,
                TextEvents::Spec spec)
      : shared_(shared),
        is_stream_(parser->unit() == Parser::Unit::stream),
        events_(connection, std::move(parser), std::move(extractor), shared.counts, std::move(spec)) {}

  std::size_t on_bytes(const SlabPtr& slab, std::uint8_t* data, std::size_t size) override;

 private:
  void line(std::string_view text) override { events_.add(text, now_); }
  void lines_end() override { events_.flush(); }
  void too_long() override { shared_.too_long.add(); }

  Shared& shared_;
  bool is_stream_;
  TextEvents events_;
  EventTime now_ = time_now();
};

/// What it says on stderr.
class StderrSession final : public LineSession {
 public:
  StderrSession(net::Connection& connection, Log& log) : name_(connection.peer()), log_(log) {}

 private:
  void line(std::string_view text) override { log_.warn(cat("exec: ", name_, ": ", text)); }

  std::string name_;
  Log& log_;
};

}  // namespace logboom::in_exec
