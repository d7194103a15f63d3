#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/batch_writer.hpp>
#include <logboom/extract.hpp>
#include <logboom/json_reader.hpp>
#include <logboom/parser.hpp>
#include <logboom/text_events.hpp>

#include "form.hpp"
#include "options.hpp"
#include "request.hpp"

namespace logboom::in_http {

/// From a request with a plain body to events: all of its records, or none.
class RequestEvents final : private ParsedSink {
 public:
  using ParserFactory = std::function<std::unique_ptr<Parser>()>;

  /// `parsers`: empty where the content type decides. `bad_time` counts times that could not be read.
  RequestEvents(net::Source& source, const Options& options, Extractor extractor, const ParserFactory& parsers,
                Counter& bad_time);

  enum class Result : std::uint8_t { good, bad, unknown_type };
  /// Reads the records; nothing is emitted yet.
  Result read(const Request& request, std::string_view peer_address);
  std::size_t count() const noexcept { return records_.size(); }
  const std::string& error() const noexcept { return error_; }
  /// Emits what was read; the promise covers all of it.
  void emit(Receipt receipt);

 private:
  struct Kept {
    std::optional<EventTime> time;
    std::size_t begin;
    std::size_t end;
  };

  void record(const std::optional<EventTime>& time, const msgpack::Value& map) override;
  Result fail(std::string why);
  Result read_body(const Request& request, const Params& params);
  Result parse(std::string_view body);
  Result json(std::string_view text);
  Result ndjson(std::string_view text);
  Result msgpack_objects(std::string_view bytes);
  Result take(const msgpack::Value& value);
  bool take_record(const msgpack::Value& map);
  void set_tag(std::string_view path);
  void set_fields(const Request& request, const Params& query, std::string_view peer_address);

  const Options& options_;
  Extractor extractor_;
  const ParserFactory& parsers_;
  std::unique_ptr<Parser> parser_;
  Counter& bad_time_;
  BatchWriter out_;
  JsonReader json_;
  TimeParser seconds_;
  OutBuffer values_;
  OutBuffer bytes_;  // the records
  OutBuffer changed_;
  RecordEditor editor_;
  std::vector<Kept> records_;
  std::vector<std::pair<std::string, std::string>> fields_;
  std::string tag_;
  EventTime now_;
  std::optional<EventTime> time_;  // of the query
  std::string error_;
};

}  // namespace logboom::in_http
