#include <logboom/filter.hpp>
#include <logboom/per_worker.hpp>
#include <logboom/record_fields.hpp>

#include <algorithm>
#include <memory>
#include <optional>

#include "encoding.hpp"

namespace logboom::plugins {
namespace {

using msgpack::Value;
using record_modifier::Encoding;

struct Replacement {
  std::string key;
  config_value::Regexp expression;
  std::string replace;

  static void describe(Describe<Replacement>& d) {
    d.param("key", &Replacement::key, "The field whose text is changed.").required();
    d.param("expression", &Replacement::expression, "What to look for, everywhere in the text.").required();
    d.param("replace", &Replacement::replace, "What to put in its place; \\1 and \\k<name> are its groups.").required();
  }
};

/// A text as Ruby's string literal.
std::string ruby_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string regexp_literal(const config_value::Regexp& regexp) {
  std::string out = "/";
  const std::string& source = regexp.source;
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\\' && i + 1 < source.size()) {
      out += source[i++];
    } else if (source[i] == '/' || source.compare(i, 2, "#{") == 0) {
      out += '\\';
    }
    out += source[i];
  }
  return cat(out, "/", regexp.ignore_case ? "i" : "", regexp.multiline ? "m" : "", regexp.extended ? "x" : "");
}

class RecordModifier : public Filter {
 public:
  struct Options {
    std::vector<std::string> remove_keys;
    std::vector<std::string> whitelist_keys;
    std::string char_encoding;
    std::string prepare_value;
    std::vector<Replacement> replace;

    static void describe(Describe<Options>& d) {
      d.param("remove_keys", &Options::remove_keys, "Fields to remove; nested ones as $.a.b or $['a']['b.c'].");
      d.param("whitelist_keys", &Options::whitelist_keys, "The only fields that stay. Not together with remove_keys.");
      d.param("char_encoding", &Options::char_encoding,
              "`from:to` converts the texts of the record's fields; a single encoding changes nothing.");
      d.param("prepare_value", &Options::prepare_value, "Refused: there is no Ruby to run it.");
      d.section("replace", &Options::replace, "Changes parts of a field's text.");
      d.free_section("record", "The fields to set, in this order; a field sees those above it.", "a field's name",
                     "Its value: text, in which `${…}` holds a Ruby expression of the subset in docs/expressions.md. "
                     "A value that is one expression keeps its type.");
    }
  };

  RecordModifier(Options options, BuildContext& context)
      : options_(std::move(options)), scratch_(context, [this, &context] { return make_scratch(context); }) {
    ConfigErrorCollector errors;
    errors.attempt([&] { fields_ = fields_of(context); });
    const auto refuse = [&](std::string_view name, std::string message) {
      const Attribute* attribute = context.element().find(name);
      errors.add(ConfigError(attribute != nullptr ? attribute->value_pos : context.element().pos, std::move(message)));
    };
    if (!options_.prepare_value.empty()) {
      refuse("prepare_value",
             "prepare_value runs Ruby code, which logboom does not have; compute the value in <record>");
    }
    if (!options_.whitelist_keys.empty() && !options_.remove_keys.empty()) {
      refuse("whitelist_keys", "whitelist_keys and remove_keys exclude each other");
    }
    for (const std::string& key : options_.remove_keys) {
      try {
        removed_.push_back(RecordAccessor::compile(key));
      } catch (const std::invalid_argument& error) {
        refuse("remove_keys", error.what());
      }
    }
    const std::vector<const Element*> sections = context.element().sections("replace");
    for (std::size_t i = 0; i < options_.replace.size(); ++i) {
      const Replacement& each = options_.replace[i];
      try {
        replacements_.push_back(
            Expression::compile(cat("record[", ruby_text(each.key), "].gsub(", regexp_literal(each.expression), ", ",
                                    ruby_text(each.replace), ")"),
                                {}));
      } catch (const ExpressionError& error) {
        errors.add(ConfigError(sections.at(i)->find("expression")->value_pos,
                               cat("<replace> of the key '", each.key, "': ", error.what())));
      }
    }
    errors.throw_if_any();
  }

  void apply(const EventBatch& batch, FilterSink& sink) override {
    Scratch& scratch = scratch_.at(sink.worker());
    batch.for_each([&](const Event& event) {
      if (!change({batch.tag().text(), event.time, event.record}, scratch)) return sink.fail(event, scratch.error);
      if (!scratch.touched && !scratch.editor.changed()) return sink.keep(event);
      scratch.out.clear();
      scratch.editor.write(scratch.out);
      sink.replace(event, event.time, scratch.out.text());
    });
  }

 private:
  struct Scratch : RecordFields::Scratch {
    std::string error;
    std::unique_ptr<Encoding> encoding;
    OutBuffer stages[3];   // the record between the steps
    bool touched = false;  // before the editor began with one of those
  };

  static RecordFields fields_of(BuildContext& context) {
    RecordFields::Settings settings;
    settings.mode = ExpressionTemplate::Mode::ruby;
    settings.nested = false;
    settings.in_turn = true;
    settings.expressions = {context.system().hostname, TimeZone::local()};
    return RecordFields::compile(context.element(), settings, [&context](const SourcePos& pos, std::string message) {
      context.warn(pos, std::move(message));
    });
  }

  std::unique_ptr<Scratch> make_scratch(BuildContext& context) const {
    auto scratch = std::make_unique<Scratch>();
    const std::size_t colon = options_.char_encoding.find(':');
    if (colon == std::string::npos) return scratch;
    try {
      scratch->encoding =
          std::make_unique<Encoding>(options_.char_encoding.substr(0, colon), options_.char_encoding.substr(colon + 1));
    } catch (const std::invalid_argument& error) {
      throw ConfigError(context.element().find("char_encoding")->value_pos, error.what());
    }
    return scratch;
  }

  /// The record with the changes so far, for a step that looks at it. `stage` is not the one that the editor reads.
  static Record changed(Scratch& scratch, const Record& record, std::size_t stage) {
    if (!scratch.editor.changed()) return record;
    OutBuffer& out = scratch.stages[stage];
    out.clear();
    scratch.editor.write(out);
    const auto* data = reinterpret_cast<const std::uint8_t*>(out.data());
    return Record(Value(data, data + out.size()));
  }

  bool change(const ExpressionSubject& subject, Scratch& scratch) const {
    RecordEditor& editor = scratch.editor;
    editor.start(subject.record);
    scratch.touched = false;
    if (!fields_.apply(subject, scratch, scratch.error)) return false;
    Record record = subject.record;
    if (!options_.whitelist_keys.empty()) {
      record = changed(scratch, record, 0);
      editor.start_renewed(record);
      for (const std::string& key : options_.whitelist_keys) editor.keep(key);
    }
    for (const RecordAccessor& path : removed_) editor.remove(path);
    if (!replacements_.empty() && !replace(subject, record, scratch)) return false;
    if (scratch.encoding) encode(record, scratch);
    return true;
  }

  bool replace(const ExpressionSubject& subject, const Record& record, Scratch& scratch) const {
    for (std::size_t i = 0; i < replacements_.size(); ++i) {
      const std::string& key = options_.replace[i].key;
      const Value value = scratch.editor.find(key);
      if (!value || value.type() != msgpack::Type::string) continue;
      scratch.evaluator.start({subject.tag, subject.time, changed(scratch, record, 1)});
      if (!scratch.evaluator.evaluate(replacements_[i])) {
        scratch.error = cat("<replace> of the field '", key, "': ", scratch.evaluator.error());
        return false;
      }
      scratch.editor.set(key, [&](msgpack::Writer& writer) { scratch.evaluator.write(writer); });
    }
    return true;
  }

  static void encode(const Record& record, Scratch& scratch) {
    const Record now = changed(scratch, record, 2);
    scratch.touched = scratch.touched || scratch.editor.changed();
    scratch.editor.start(now);
    now.for_each([&](const Value& key, const Value& value) {
      if (!value.is_text() || !key.is_text()) return;
      const std::string_view converted = scratch.encoding->convert(value.text());
      if (converted != value.text()) scratch.editor.set(key.text(), converted);
    });
  }

  Options options_;
  RecordFields fields_;
  std::vector<RecordAccessor> removed_;
  std::vector<Expression> replacements_;
  PerWorker<Scratch> scratch_;
};

}  // namespace

PluginInfo filter_record_modifier() {
  return describe_plugin<RecordModifier>(PluginKind::filter, "record_modifier",
                                         "Adds and changes fields by Ruby expressions, one after the other.");
}

}  // namespace logboom::plugins
