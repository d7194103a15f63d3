#include <logboom/text_events.hpp>

#include <logboom/json.hpp>

namespace logboom {

namespace {

constexpr std::size_t longest_shown = 200;

}  // namespace

void TextEvents::add(std::string_view text, const EventTime& now) {
  now_ = now;
  if (!parser_->parse(text, *this, error_)) refuse(text, error_);
}

void TextEvents::record(const std::optional<EventTime>& time, const msgpack::Value& map) {
  const Extractor::Extracted found = extractor_.apply(map);
  if (found.bad_time) counts_.bad_time.add();
  const EventTime when = time ? *time : found.time ? *found.time : now_;
  const std::string_view tag = found.tag ? *found.tag : std::string_view(spec_.tag);
  if (fields_.empty()) return out_.add(tag, when, found.record);
  editor_.start(Record(found.record));
  for (const auto& [key, value] : fields_) editor_.set(key, std::string_view(value));
  changed_.clear();
  editor_.write(changed_);
  out_.add(tag, when, changed_.text());
}

void TextEvents::refuse(std::string_view text, std::string_view why) {
  std::uint64_t suppressed = 0;
  if (counts_.limiter.due(suppressed)) {
    OutBuffer shown;
    append_json_string(shown, text.substr(0, longest_shown));
    counts_.log.warn(cat(spec_.who, ": pattern not matched: ", why, ": ", shown.text(),
                         text.size() > longest_shown ? "…" : "",
                         suppressed != 0 ? cat(" (and ", suppressed, " before)") : std::string()));
  }
  if (!spec_.emit_unmatched) return counts_.unmatched.add();
  changed_.clear();
  msgpack::Writer writer(changed_);
  writer.map(1);
  writer.string("unmatched_line");
  writer.string(text);
  out_.add(spec_.tag, now_, changed_.text());
}

}  // namespace logboom
