#include <logboom/filter.hpp>
#include <logboom/parser.hpp>
#include <logboom/per_worker.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "assembler.hpp"
#include "scrub.hpp"

namespace logboom::plugins {
namespace {

/// A parser's parameters that may stand in the filter itself, as they did before there was `<parse>`.
constexpr std::array<std::string_view, 25> old_parameters{"format",
                                                          "types",
                                                          "keys",
                                                          "time_key",
                                                          "time_format",
                                                          "time_type",
                                                          "keep_time_key",
                                                          "localtime",
                                                          "utc",
                                                          "timezone",
                                                          "delimiter",
                                                          "label_delimiter",
                                                          "json_parser",
                                                          "null_value_pattern",
                                                          "null_empty_string",
                                                          "message_key",
                                                          "format_firstline",
                                                          "multiline",
                                                          "types_delimiter",
                                                          "ignorecase",
                                                          "with_priority",
                                                          "message_format",
                                                          "types_label_delimiter",
                                                          "estimate_current_event",
                                                          "expression"};

class ParserFilter : public Filter {
 public:
  struct Options : AssemblerOptions {
    std::string key_name;
    PluginSection parse;
    bool reserve_time = false;
    bool replace_invalid_sequence = false;
    bool emit_invalid_record_to_error = true;

    static void describe(Describe<Options>& d) {
      d.param("key_name", &Options::key_name, "The field that holds the text, or the path to it as a record accessor.")
          .required();
      d.param("reserve_data", static_cast<bool Options::*>(&Options::reserve_data),
              "Keep the fields that the record has; of two with one name the parsed one stays.");
      d.param("remove_key_name_field", static_cast<bool Options::*>(&Options::remove_key_name_field),
              "With reserve_data: leave the text out where it was parsed.");
      d.param("reserve_time", &Options::reserve_time, "Keep the event's time, whatever the text says.");
      d.param("inject_key_prefix", static_cast<std::optional<std::string> Options::*>(&Options::inject_key_prefix),
              "What to put before the name of each parsed field.");
      d.param("hash_value_field", static_cast<std::optional<std::string> Options::*>(&Options::hash_value_field),
              "Put the parsed fields as one map into a field of this name.");
      d.param("replace_invalid_sequence", &Options::replace_invalid_sequence,
              "Parse the text with a ? in the place of bytes that are not UTF-8.");
      d.param("emit_invalid_record_to_error", &Options::emit_invalid_record_to_error,
              "Send an event whose text is missing or can't be parsed to @ERROR, with the reason.");
      d.plugin("parse", &Options::parse, PluginKind::parser, "How the text is parsed.");
      for (const std::string_view name : old_parameters) d.leave_section(std::string(name));
    }
  };

  ParserFilter(Options options, BuildContext& context)
      : options_(std::move(options)), key_(compile_key(context.element())), workers_(make_workers(context)) {}

  void apply(const EventBatch& batch, FilterSink& sink) override {
    Worker& worker = workers_.at(sink.worker());
    batch.for_each([&](const Event& event) { parse(event, worker, sink); });
  }

 private:
  struct Worker {
    Worker(const Options& options, const RecordAccessor& key, std::unique_ptr<Parser> made)
        : parser(std::move(made)), assembler(options, key) {}
    std::unique_ptr<Parser> parser;
    Assembler assembler;
    std::string scrubbed;
    std::string error;
  };

  /// Sends on what the text of one event became: the first record in the event's place, others behind it.
  class Placer final : public ParsedSink {
   public:
    Placer(const Event& event, bool reserve_time, Assembler& assembler, FilterSink& sink) noexcept
        : event_(event), reserve_time_(reserve_time), assembler_(assembler), sink_(sink) {}
    void record(const std::optional<EventTime>& time, const msgpack::Value& map) override {
      const EventTime& at = time && !reserve_time_ ? *time : event_.time;
      const std::string_view record = assembler_.parsed(event_.record, map);
      std::exchange(first_, false) ? sink_.replace(event_, at, record) : sink_.add(at, record);
    }
    bool none() const noexcept { return first_; }

   private:
    const Event& event_;
    bool reserve_time_;
    Assembler& assembler_;
    FilterSink& sink_;
    bool first_ = true;
  };

  RecordAccessor compile_key(const Element& element) const {
    try {
      return RecordAccessor::compile(options_.key_name);
    } catch (const std::invalid_argument& error) {
      throw ConfigError(element.find("key_name")->value_pos, error.what());
    }
  }

  /// The old parameters as a `<parse>` section.
  static Element old_section(const Element& element, const Attribute& format) {
    Element section{"parse", "", element.pos, {}, {}};
    for (const Attribute& attribute : element.attributes) {
      if (std::find(old_parameters.begin(), old_parameters.end(), attribute.key) == old_parameters.end()) continue;
      if (attribute.key != "format") section.attributes.push_back(attribute);
    }
    Attribute type = format;
    type.key = "@type";
    if (format.value.starts_with('/')) {
      Attribute expression = format;
      expression.key = "expression";
      section.attributes.push_back(std::move(expression));
      type.value = "regexp";
    }
    section.attributes.push_back(std::move(type));
    return section;
  }

  PerWorker<Worker> make_workers(BuildContext& context) const {
    PluginSection section = options_.parse;
    Element old;
    const Attribute* format = context.element().find("format");
    if (section.element == nullptr && format != nullptr) {
      old = old_section(context.element(), *format);
      section = {old.find("@type")->value, &old};
    }
    if (section.type.empty()) {
      throw ConfigError(section.element != nullptr ? section.element->pos : context.element().pos,
                        "filter_parser needs a <parse> section with @type, which says how the text is parsed");
    }
    const BuildContext::ParserFactory make = context.parser(section);
    return PerWorker<Worker>(context, [&] { return std::make_unique<Worker>(options_, key_, make()); });
  }

  void parse(const Event& event, Worker& worker, FilterSink& sink) const {
    const msgpack::Value value = key_.find(event.record);
    if (!value || value.type() == msgpack::Type::nil) {
      return not_parsed(event, worker, cat("parser: ", options_.key_name, " does not exist"), sink);
    }
    if (!value.is_text()) return not_parsed(event, worker, cat("parser: ", options_.key_name, " is no text"), sink);
    std::string_view text = value.text();
    if (options_.replace_invalid_sequence) text = scrub(text, worker.scrubbed);
    Placer placer(event, options_.reserve_time, worker.assembler, sink);
    if (!worker.parser->parse(text, placer, worker.error)) {
      return not_parsed(event, worker, cat("parser: ", options_.key_name, ": ", worker.error), sink);
    }
    if (placer.none()) sink.drop(event);
  }

  void not_parsed(const Event& event, Worker& worker, std::string_view reason, FilterSink& sink) const {
    const bool goes_on = options_.reserve_data;
    if (options_.emit_invalid_record_to_error) {
      sink.fail(event, reason);
      if (goes_on) sink.add(event.time, worker.assembler.not_parsed(event.record));
    } else if (!goes_on) {
      sink.drop(event);
    } else if (options_.hash_value_field) {
      sink.replace(event, event.time, worker.assembler.not_parsed(event.record));
    } else {
      sink.keep(event);
    }
  }

  Options options_;
  RecordAccessor key_;
  PerWorker<Worker> workers_;
};

}  // namespace

PluginInfo filter_parser() {
  return describe_plugin<ParserFilter>(PluginKind::filter, "parser",
                                       "Parses the text of one field into fields of their own.");
}

}  // namespace logboom::plugins
