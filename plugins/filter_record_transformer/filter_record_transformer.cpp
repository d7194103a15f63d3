#include <logboom/filter.hpp>
#include <logboom/per_worker.hpp>
#include <logboom/record_fields.hpp>

#include <charconv>
#include <cmath>
#include <optional>

namespace logboom::plugins {
namespace {

/// A time from a number of seconds, or a text that begins with one, as Ruby's to_f reads it. False where it is neither.
bool to_time(const msgpack::Value& value, EventTime& time) {
  std::int64_t sec = 0;
  double seconds = 0;
  if (value.to_int(sec)) {
    time = {sec, 0};
    return true;
  }
  const std::uint8_t* at = value.begin();
  if (value.type() == msgpack::Type::extension) return read_time(at, value.end(), time);
  if (value.is_text()) {
    std::string_view text = value.text();
    text.remove_prefix(std::min(text.find_first_not_of(" \t\n"), text.size()));
    if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec == std::errc::result_out_of_range)
      return false;
  } else if (value.type() != msgpack::Type::nil && !value.to_double(seconds)) {
    return false;
  }
  constexpr double most = 1e15;
  if (!(std::abs(seconds) < most)) return false;
  const double whole = std::floor(seconds);
  time.sec = static_cast<std::int64_t>(whole);
  time.nsec = static_cast<std::uint32_t>(std::min((seconds - whole) * 1e9, 999'999'999.0));
  return true;
}

class RecordTransformer : public Filter {
 public:
  struct Options {
    bool enable_ruby = false;
    bool auto_typecast = true;
    bool renew_record = false;
    std::optional<std::string> renew_time_key;
    std::vector<std::string> keep_keys;
    std::vector<std::string> remove_keys;

    static void describe(Describe<Options>& d) {
      d.param("enable_ruby", &Options::enable_ruby,
              "Placeholders hold Ruby expressions, of the subset in docs/expressions.md.");
      d.param("auto_typecast", &Options::auto_typecast,
              "A value that is one placeholder keeps its type; false: all new values are text.");
      d.param("renew_record", &Options::renew_record, "Begin with an empty record.");
      d.param("renew_time_key", &Options::renew_time_key,
              "The event's time becomes what this field says: seconds since 1970, as a number or text.");
      d.param("keep_keys", &Options::keep_keys, "Fields that stay although renew_record is true.");
      d.param("remove_keys", &Options::remove_keys,
              "Fields to remove, last of all; nested ones as $.a.b or $['a']['b.c'].");
      d.free_section("record", "The fields to set, in this order.", "a field's name, also with placeholders",
                     "Its value: text with placeholders, or a JSON object or array that has some inside. There are "
                     "`${tag}`, `${tag_parts[0]}`, `${tag_prefix[0]}`, `${tag_suffix[0]}`, `${time}`, `${hostname}`, "
                     "`${record[\"key\"]}`, `${record.dig(\"a\", \"b\")}`, and expressions with enable_ruby.");
    }
  };

  RecordTransformer(Options options, BuildContext& context) : options_(std::move(options)), scratch_(context) {
    ConfigErrorCollector errors;
    errors.attempt([&] { fields_ = fields_of(options_, context); });
    if (!options_.keep_keys.empty() && !options_.renew_record) {
      errors.add(ConfigError(context.element().find("keep_keys")->value_pos, "keep_keys needs 'renew_record true'"));
    }
    for (const std::string& key : options_.remove_keys) {
      try {
        removed_.push_back(RecordAccessor::compile(key));
      } catch (const std::invalid_argument& error) {
        errors.add(ConfigError(context.element().find("remove_keys")->value_pos, error.what()));
      }
    }
    errors.throw_if_any();
  }

  void apply(const EventBatch& batch, FilterSink& sink) override {
    Scratch& scratch = scratch_.at(sink.worker());
    batch.for_each([&](const Event& event) {
      EventTime time = event.time;
      if (!change({batch.tag().text(), event.time, event.record}, scratch, time)) {
        return sink.fail(event, scratch.error);
      }
      if (!scratch.editor.changed() && time == event.time) return sink.keep(event);
      scratch.out.clear();
      scratch.editor.write(scratch.out);
      sink.replace(event, time, scratch.out.text());
    });
  }

 private:
  struct Scratch : RecordFields::Scratch {
    std::string error;
  };

  static RecordFields fields_of(const Options& options, BuildContext& context) {
    RecordFields::Settings settings;
    settings.mode = options.enable_ruby ? ExpressionTemplate::Mode::ruby : ExpressionTemplate::Mode::plain;
    settings.keep_types = options.auto_typecast;
    settings.expressions = {context.system().hostname, TimeZone::local()};
    return RecordFields::compile(context.element(), settings, [&context](const SourcePos& pos, std::string message) {
      context.warn(pos, std::move(message));
    });
  }

  /// False where the event is to fail.
  bool change(const ExpressionSubject& subject, Scratch& scratch, EventTime& time) {
    RecordEditor& editor = scratch.editor;
    if (options_.renew_record) {
      editor.start_renewed(subject.record);
      for (const std::string& key : options_.keep_keys) {
        if (const msgpack::Value value = subject.record.find(key)) editor.set(key, value);
      }
    } else {
      editor.start(subject.record);
    }
    if (!fields_.apply(subject, scratch, scratch.error)) return false;
    if (options_.renew_time_key) {
      const msgpack::Value value = editor.find(*options_.renew_time_key);
      if (value && !to_time(value, time)) {
        scratch.error = cat("renew_time_key: the field '", *options_.renew_time_key, "' is no time");
        return false;
      }
    }
    for (const RecordAccessor& path : removed_) editor.remove(path);
    return true;
  }

  Options options_;
  RecordFields fields_;
  std::vector<RecordAccessor> removed_;
  PerWorker<Scratch> scratch_;
};

}  // namespace

PluginInfo filter_record_transformer() {
  return describe_plugin<RecordTransformer>(PluginKind::filter, "record_transformer",
                                            "Adds, changes and removes fields, by placeholders or Ruby expressions.");
}

}  // namespace logboom::plugins
