#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <logboom/batch_writer.hpp>
#include <logboom/parser.hpp>

#include "joiner.hpp"
#include "record.hpp"
#include "shared.hpp"

namespace logboom::in_syslog {

/// From messages to events. Threads: those of its source. Lifetime: not longer than the source.
class Events final : private ParsedSink {
 public:
  Events(net::Source& source, Shared& shared, std::string who);

  /// Who sends from now on.
  void set_sender(std::string_view address, std::string_view host) {
    address_ = address;
    host_ = host;
  }
  /// One message; `cut` where it was longer than the limit.
  void add(std::string_view text, bool cut, const EventTime& now);
  void flush() { out_.flush(); }
  /// What is held to be joined and has waited for too long is given out.
  void on_timer();
  /// Gives out everything that is held.
  void end();
  /// What is held, for the events of the same sender in another process.
  void save(StateWriter& out) const { joiner_.save(out); }
  void load(StateReader& in);
  /// What is added from here to `end_receipt` is part of this promise.
  void begin_receipt(Receipt receipt) { out_.begin_receipt(std::move(receipt)); }
  void end_receipt() { out_.end_receipt(); }
  /// Nothing is held back: a sender that is answered sends the next part only then.
  void never_join() noexcept { joins_ = false; }

 private:
  void record(const std::optional<EventTime>& time, const msgpack::Value& map) override;
  void add_other(std::string_view text);
  bool scan(std::string_view text, SyslogMessage& message);
  void emit(const SyslogMessage& message, std::string_view address, const EventTime& arrival);
  EventTime time_of(const SyslogMessage& message, const EventTime& arrival);
  void add_sender(std::string_view address);
  void give_out(bool all);
  void refuse(std::string_view text, std::string_view why);
  void set_timer();

  net::Source& source_;
  Shared& shared_;
  const Settings& settings_;
  std::string who_;
  BatchWriter out_;
  std::unique_ptr<Parser> parser_;  // another one than syslog
  RecordFields fields_;
  Joiner joiner_;
  TimeParser classic_times_, iso_times_, other_times_;
  std::string address_, host_;
  EventTime now_;
  std::uint32_t priority_ = 13;  // of the message that another parser reads
  OutBuffer changed_;
  std::string error_;
  bool timer_set_ = false;
  bool joins_ = true;
};

}  // namespace logboom::in_syslog
