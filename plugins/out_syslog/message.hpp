#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/formatter.hpp>
#include <logboom/record_accessor.hpp>
#include <logboom/timefmt.hpp>

#include "options.hpp"

namespace logboom::out_syslog {

/// A facility or severity by its number or any of its usual names; none where it is neither.
std::optional<unsigned> facility_number(std::string_view text);
std::optional<unsigned> severity_number(std::string_view text);

/// Makes messages of events. Threads: one at a time.
class MessageWriter {
 public:
  /// `formatter` may be null. Throws std::invalid_argument for what is no facility, severity, path, id or zone.
  MessageWriter(const Options& options, std::unique_ptr<Formatter> formatter);

  /// Appends the message without any framing, whole or cut at the limit. False where the formatter refuses it.
  bool append(std::string_view tag, const Event& event, OutBuffer& out);

 private:
  struct Keys {
    explicit Keys(const Options& options);
    std::optional<RecordAccessor> facility, severity, host, program, procid, msgid, message, data;
    std::vector<RecordAccessor> fields;
  };
  std::string_view text(const std::optional<RecordAccessor>& key, const Record& record);
  unsigned usual_priority(std::string_view tag);
  void append_priority(std::string_view tag, const Record& record, OutBuffer& out);
  void append_head(std::string_view tag, const Event& event, OutBuffer& out);
  void append_word(std::string_view word, std::size_t longest, OutBuffer& out);
  void append_data(const Record& record, OutBuffer& out);
  void append_element(std::string_view id, const msgpack::Value& parameters, OutBuffer& out);
  void append_parameter(std::string_view name, const msgpack::Value& value, OutBuffer& out);
  void append_character(char c, OutBuffer& out);
  bool append_body(std::string_view tag, const Event& event, OutBuffer& out);
  void cut(OutBuffer& out, std::size_t begin);

  const Options& options_;
  std::unique_ptr<Formatter> formatter_;
  Keys keys_;
  unsigned facility_ = 1;
  unsigned severity_ = 5;
  std::string tag_;  // the last one, and what follows from it
  unsigned tag_priority_ = 0;
  std::string hostname_;
  bool counted_ = false;  // a message may hold line ends
  std::size_t limit_ = 0;
  TimeFormatter times_;
  std::string time_;
  OutBuffer scratch_, body_;
};

}  // namespace logboom::out_syslog
