#include "events.hpp"

#include <algorithm>

namespace logboom::in_http {

namespace {

bool has_type(std::string_view content_type, std::string_view type) noexcept {
  if (content_type.size() < type.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (!std::equal(type.begin(), type.end(), content_type.begin(), [&](char a, char b) { return a == lower(b); })) {
    return false;
  }
  return content_type.size() == type.size() || content_type[type.size()] == ';' || content_type[type.size()] == ' ';
}

/// "User-Agent" as "HTTP_USER_AGENT".
std::string field_name(std::string_view prefix, std::string_view name) {
  std::string out(prefix);
  for (const char c : name) out += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}

std::string_view trimmed(std::string_view text) noexcept {
  constexpr const char* space = " \t\r\n";
  const std::size_t begin = std::min(text.find_first_not_of(space), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(space) + 1);
}

}  // namespace

RequestEvents::RequestEvents(net::Source& source, const Options& options, Extractor extractor,
                             const ParserFactory& parsers, Counter& bad_time)
    : options_(options),
      extractor_(std::move(extractor)),
      parsers_(parsers),
      bad_time_(bad_time),
      out_(source),
      seconds_(TimeParser::compile("float", TimeZone::utc())) {}

RequestEvents::Result RequestEvents::fail(std::string why) {
  error_ = std::move(why);
  records_.clear();
  return Result::bad;
}

RequestEvents::Result RequestEvents::read(const Request& request, std::string_view peer_address) {
  records_.clear();
  bytes_.clear();
  now_ = time_now();
  time_.reset();
  const std::string_view target = request.target;
  const std::size_t question = std::min(target.find('?'), target.size());
  set_tag(target.substr(0, question));
  Params params;
  if (question != target.size()) append_form(target.substr(question + 1), params);
  set_fields(request, params, peer_address);
  if (options_.by_content_type() && has_type(request.header("content-type"), "application/x-www-form-urlencoded")) {
    append_form(request.body, params);
  }
  if (const std::string* text = find_param(params, "time")) {
    EventTime time;
    if (!seconds_.parse(std::string_view(*text), time)) return fail("time is no number of seconds");
    if (time.sec != 0) time_ = time;
  }
  return read_body(request, params);
}

RequestEvents::Result RequestEvents::read_body(const Request& request, const Params& params) {
  if (!options_.by_content_type()) return parse(request.body);
  const std::string_view type = request.header("content-type");
  if (has_type(type, "application/json") || has_type(type, "application/csp-report")) return json(request.body);
  if (has_type(type, "application/msgpack")) return msgpack_objects(request.body);
  if (has_type(type, "application/x-ndjson")) return ndjson(request.body);
  if (const std::string* bytes = find_param(params, "msgpack")) return msgpack_objects(*bytes);
  if (const std::string* text = find_param(params, "json")) return json(*text);
  if (const std::string* text = find_param(params, "ndjson")) return ndjson(*text);
  const bool form = has_type(type, "application/x-www-form-urlencoded");
  fail("'json', 'ndjson' or 'msgpack' parameter is required, or a body of that type");
  return request.body.empty() || form ? Result::bad : Result::unknown_type;
}

RequestEvents::Result RequestEvents::parse(std::string_view body) {
  // One that keeps the beginning of an object must not keep it for the next request.
  if (!parser_ || parser_->unit() == Parser::Unit::stream) parser_ = parsers_();
  if (!parser_->parse(body, *this, error_)) return fail(error_);
  if (records_.empty() && !body.empty()) return fail("the body is not whole");
  return Result::good;
}

RequestEvents::Result RequestEvents::json(std::string_view text) {
  if (trimmed(text) == "null") return Result::good;
  values_.clear();
  if (JsonError wrong; !json_.read_all(text, values_, wrong)) {
    return fail(cat("not JSON: ", wrong.message, " at byte ", wrong.offset));
  }
  return msgpack_objects(values_.text());
}

RequestEvents::Result RequestEvents::ndjson(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    if (const Result result = json(line); result != Result::good) return result;
  }
  return Result::good;
}

RequestEvents::Result RequestEvents::msgpack_objects(std::string_view bytes) {
  const auto* at = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const std::uint8_t* const end = at + bytes.size();
  if (at == end) return fail("an empty body");
  while (at != end) {
    const std::uint8_t* const object_end = msgpack::skip(at, end);
    if (object_end == nullptr) return fail("malformed msgpack");
    if (const Result result = take(msgpack::Value(at, object_end)); result != Result::good) return result;
    at = object_end;
  }
  return Result::good;
}

/// A map is a record; an array is one of records.
RequestEvents::Result RequestEvents::take(const msgpack::Value& value) {
  if (value.type() == msgpack::Type::map) return take_record(value) ? Result::good : Result::bad;
  if (value.type() == msgpack::Type::nil) return Result::good;
  if (value.type() != msgpack::Type::array) return fail("a record must be an object, or an array of objects");
  const std::uint8_t* at = value.children();
  for (std::uint32_t i = 0; i < value.count(); ++i) {
    const msgpack::Value element(at, msgpack::skip(at, value.end()));
    if (element.type() != msgpack::Type::map) return fail(cat("element ", i + 1, " is no object"));
    if (!take_record(element)) return Result::bad;
    at = element.end();
  }
  return Result::good;
}

/// The field `time` of a record is its time, as Fluentd has it.
bool RequestEvents::take_record(const msgpack::Value& map) {
  const msgpack::Value time = Record(map).find("time");
  if (!time) {
    record(std::nullopt, map);
    return true;
  }
  EventTime read;
  if (!seconds_.parse(time, read)) {
    fail("the time of a record is no number of seconds");
    return false;
  }
  editor_.start(Record(map));
  editor_.remove("time");
  changed_.clear();
  editor_.write(changed_);
  const auto* begin = reinterpret_cast<const std::uint8_t*>(changed_.data());
  record(read, msgpack::Value(begin, begin + changed_.size()));
  return true;
}

void RequestEvents::record(const std::optional<EventTime>& time, const msgpack::Value& map) {
  const std::size_t begin = bytes_.size();
  bytes_.append(map.begin(), map.size());
  records_.push_back({time, begin, bytes_.size()});
}

/// "/a/b" is "a.b"; slashes at the end don't count.
void RequestEvents::set_tag(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  tag_.clear();
  if (!options_.add_tag_prefix.empty()) tag_ = options_.add_tag_prefix + ".";
  for (const char c : path) tag_ += c == '/' ? '.' : c;
}

void RequestEvents::set_fields(const Request& request, const Params& query, std::string_view peer_address) {
  fields_.clear();
  if (options_.add_http_headers) {
    for (const auto& [name, value] : request.headers) fields_.emplace_back(field_name("HTTP_", name), value);
  }
  if (options_.add_query_params) {
    for (const auto& [name, value] : query) fields_.emplace_back(field_name("QUERY_", name), value);
  }
  if (!options_.add_remote_addr) return;
  const std::string_view forwarded = request.header("x-forwarded-for");
  const std::string_view first = trimmed(forwarded.substr(0, forwarded.find(',')));
  fields_.emplace_back("REMOTE_ADDR", first.empty() ? peer_address : first);
}

void RequestEvents::emit(Receipt receipt) {
  out_.begin_receipt(std::move(receipt));
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(bytes_.data());
  for (const Kept& kept : records_) {
    const Extractor::Extracted found = extractor_.apply(msgpack::Value(bytes + kept.begin, bytes + kept.end));
    if (found.bad_time) bad_time_.add();
    const std::optional<EventTime>& time = time_ ? time_ : kept.time ? kept.time : found.time;
    const std::string_view tag = found.tag ? *found.tag : std::string_view(tag_);
    if (fields_.empty()) {
      out_.add(tag, time.value_or(now_), found.record);
      continue;
    }
    editor_.start(Record(found.record));
    for (const auto& [key, value] : fields_) editor_.set(key, std::string_view(value));
    changed_.clear();
    editor_.write(changed_);
    out_.add(tag, time.value_or(now_), changed_.text());
  }
  out_.end_receipt();
  constexpr std::size_t keep = 64 * 1024;
  for (OutBuffer* buffer : {&bytes_, &values_, &changed_}) {
    if (buffer->size() > keep) buffer->release_memory();
  }
}

}  // namespace logboom::in_http
