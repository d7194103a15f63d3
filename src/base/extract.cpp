#include <logboom/extract.hpp>

#include <logboom/json.hpp>

namespace logboom {

void ExtractOptions::describe(Describe<ExtractOptions>& d) {
  using O = ExtractOptions;
  d.param("tag_key", &O::tag_key, "The field that holds the event's tag.");
  d.param("keep_tag_key", &O::keep_tag_key, "Leave that field in the record.");
  d.param("time_key", &O::time_key, "The field that holds the event's time.");
  d.param("keep_time_key", &O::keep_time_key, "Leave that field in the record.");
  describe_parse_time(d);
}

Extractor::Extractor(const std::optional<ExtractOptions>& options, const Element& element) {
  if (!options) return;
  tag_key_ = options->tag_key;
  keep_tag_key_ = options->keep_tag_key;
  time_key_ = options->time_key;
  keep_time_key_ = options->keep_time_key;
  const auto sections = element.sections("extract");
  times_.emplace(options->time_parser(sections.empty() ? element : *sections.back()));
}

Extractor::Extracted Extractor::apply(const msgpack::Value& record) {
  Extracted out;
  out.record = record;
  if (!active()) return out;
  const Record fields(record);
  editor_.start(fields);
  if (const msgpack::Value tag = tag_key_.empty() ? msgpack::Value() : fields.find(tag_key_)) {
    tag_.clear();
    if (tag.is_text()) {
      tag_.append(tag.text());
    } else if (tag.type() != msgpack::Type::nil) {
      append_json(tag_, tag);
    }
    out.tag = tag_.text();
    if (!keep_tag_key_) editor_.remove(tag_key_);
  }
  if (const msgpack::Value time = time_key_.empty() ? msgpack::Value() : fields.find(time_key_)) {
    EventTime read;
    if (times_->parse(time, read)) {
      out.time = read;
      if (!keep_time_key_) editor_.remove(time_key_);
    } else {
      out.bad_time = true;
    }
  }
  if (!editor_.changed()) return out;
  changed_.clear();
  editor_.write(changed_);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(changed_.data());
  out.record = msgpack::Value(bytes, bytes + changed_.size());
  return out;
}

}  // namespace logboom
