#include <logboom/record_fields.hpp>

#include <algorithm>
#include <optional>

#include <logboom/json_reader.hpp>
#include <logboom/log.hpp>

namespace logboom {

using msgpack::Type;
using msgpack::Value;

/// A value as it was written: fixed bytes, a text with placeholders, or an array or object that has some inside.
struct RecordFields::Node {
  std::string bytes;
  std::optional<ExpressionTemplate> text;
  std::vector<std::shared_ptr<const Node>> children;
  std::vector<ExpressionTemplate> keys;  // of an object, one for each child
  bool is_map = false;
};

struct RecordFields::Field {
  std::string key;  // where it is no template
  std::optional<ExpressionTemplate> key_text;
  std::shared_ptr<const Node> value;
  bool sees_earlier = false;
};

namespace {

Value view(std::string_view bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return {data, data + bytes.size()};
}

std::string packed(std::string_view text) {
  OutBuffer out;
  msgpack::Writer(out).string(text);
  return std::string(out.text());
}

/// What to write instead of a placeholder that is none.
std::string hint_for(const std::string& placeholder, const ExpressionSettings& settings) {
  if (placeholder.starts_with("__")) return "write ${hostname}, ${tag} or another placeholder";
  const std::string inside = placeholder.substr(2, placeholder.size() - 3);
  const bool is_name = std::all_of(inside.begin(), inside.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '@';
  });
  if (is_name) return "for a field write ${record[\"" + inside + "\"]}";
  try {
    Expression::compile(inside, settings);
    return "expressions need 'enable_ruby true'";
  } catch (const ExpressionError&) {
    return "there are ${tag}, ${tag_parts[0]}, ${tag_prefix[0]}, ${tag_suffix[0]}, ${time}, ${hostname}, "
           "${record[\"key\"]}";
  }
}

ExpressionTemplate compile_text(std::string_view text, const SourcePos& pos, const RecordFields::Settings& settings,
                                const WarnFn& warn, bool as_text) {
  try {
    auto made = ExpressionTemplate::compile(text, settings.mode, settings.expressions, as_text);
    for (const std::string& unknown : made.unknown()) {
      warn(pos, cat("unknown placeholder ", unknown, ", nothing comes in its place; ",
                    hint_for(unknown, settings.expressions)));
    }
    return made;
  } catch (const ExpressionError& error) {
    throw ConfigError(pos, cat("in '", text, "' ", error.what()));
  }
}

/// Whether the text may look at one of the keys, or at the record as a whole.
bool may_use(std::string_view text, const std::vector<std::string>& keys) {
  for (std::size_t at = 0; (at = text.find("record", at)) != std::string_view::npos; at += 6) {
    const std::string_view rest = text.substr(at + 6);
    if (!rest.starts_with("[\"") && !rest.starts_with("['")) return true;
    const std::size_t end = rest.find(rest[1], 2);
    if (end == std::string_view::npos) return true;
    if (std::find(keys.begin(), keys.end(), rest.substr(2, end - 2)) != keys.end()) return true;
  }
  return false;
}

}  // namespace

std::shared_ptr<const RecordFields::Node> RecordFields::compile_json(const Value& value, const Attribute& attribute,
                                                                     const Settings& settings, const WarnFn& warn) {
  auto node = std::make_shared<Node>();
  ConfigErrorCollector errors;
  const auto add = [&](const Value& child) {
    errors.attempt([&] { node->children.push_back(compile_json(child, attribute, settings, warn)); });
  };
  if (value.type() == Type::string) {
    node->text = compile_text(value.text(), attribute.value_pos, settings, warn, !settings.keep_types);
    if (node->text->is_constant()) {
      Evaluator evaluator;
      OutBuffer out;
      msgpack::Writer writer(out);
      evaluator.evaluate(*node->text);
      evaluator.write(writer);
      node->bytes = out.text();
      node->text.reset();
    }
  } else if (value.type() == Type::array) {
    const std::uint8_t* at = value.children();
    for (std::uint32_t i = 0; i < value.count(); ++i) {
      const std::uint8_t* end = msgpack::skip(at, value.end());
      add({at, end});
      at = end;
    }
  } else if (value.type() == Type::map) {
    node->is_map = true;
    Record(value).for_each([&](const Value& key, const Value& child) {
      errors.attempt(
          [&] { node->keys.push_back(compile_text(key.text(), attribute.value_pos, settings, warn, true)); });
      add(child);
    });
  } else {
    node->bytes.assign(reinterpret_cast<const char*>(value.begin()), value.size());
  }
  errors.throw_if_any();
  return node;
}

std::shared_ptr<const RecordFields::Node> RecordFields::compile_value(const Attribute& attribute,
                                                                      const Settings& settings, const WarnFn& warn) {
  const std::string_view text = attribute.value;
  if (settings.nested && (text.starts_with('{') || text.starts_with('['))) {
    OutBuffer bytes;
    JsonError error;
    if (JsonReader().read(text, bytes, error)) return compile_json(view(bytes.text()), attribute, settings, warn);
    warn(attribute.value_pos, cat("the value looks like JSON and is none (", error.message, "); it is taken as text"));
  }
  // Without a placeholder record_modifier takes a value as it is.
  if (!settings.nested && text.find("${") == std::string_view::npos) {
    auto node = std::make_shared<Node>();
    node->bytes = packed(text);
    return node;
  }
  const std::string bytes = packed(text);
  return compile_json(view(bytes), attribute, settings, warn);
}

RecordFields RecordFields::compile(const Element& element, const Settings& settings, const WarnFn& warn) {
  RecordFields fields;
  std::vector<std::string> earlier;
  ConfigErrorCollector errors;
  for (const Element* section : element.sections("record")) {
    for (const Attribute& attribute : section->attributes) {
      auto field = std::make_shared<Field>();
      field->key = attribute.key;
      if (settings.nested) {
        errors.attempt([&] { field->key_text = compile_text(attribute.key, attribute.key_pos, settings, warn, true); });
        if (field->key_text && field->key_text->is_constant()) {
          Evaluator evaluator;
          evaluator.evaluate(*field->key_text);
          field->key = evaluator.text();
          field->key_text.reset();
        }
      }
      errors.attempt([&] { field->value = compile_value(attribute, settings, warn); });
      field->sees_earlier = settings.in_turn && !earlier.empty() && may_use(attribute.value, earlier);
      earlier.push_back(field->key);
      std::erase_if(fields.fields_, [&](const auto& other) {
        return !settings.in_turn && !field->key_text && !other->key_text && other->key == field->key;
      });
      fields.fields_.push_back(std::move(field));
    }
  }
  errors.throw_if_any();
  return fields;
}

bool RecordFields::write(const Node& node, Evaluator& evaluator, msgpack::Writer& writer) {
  if (node.text) {
    if (!evaluator.evaluate(*node.text)) return false;
    evaluator.write(writer);
  } else if (!node.bytes.empty()) {
    writer.value(view(node.bytes));
  } else {
    const auto count = static_cast<std::uint32_t>(node.children.size());
    node.is_map ? writer.map(count) : writer.array(count);
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      if (node.is_map) {
        if (!evaluator.evaluate(node.keys[i])) return false;
        writer.string(evaluator.text());
      }
      if (!write(*node.children[i], evaluator, writer)) return false;
    }
  }
  return true;
}

bool RecordFields::set(const Field& field, Scratch& scratch) const {
  std::string_view key = field.key;
  if (field.key_text) {
    if (!scratch.evaluator.evaluate(*field.key_text)) return false;
    key = *scratch.keys.emplace_back(std::make_unique<std::string>(scratch.evaluator.text()));
  }
  const Node& node = *field.value;
  if (!node.bytes.empty()) return scratch.editor.set(key, view(node.bytes)), true;
  if (node.text) {
    if (!scratch.evaluator.evaluate(*node.text)) return false;
    scratch.editor.set(key, [&](msgpack::Writer& writer) { scratch.evaluator.write(writer); });
    return true;
  }
  scratch.value.clear();
  msgpack::Writer writer(scratch.value);
  if (!write(node, scratch.evaluator, writer)) return false;
  const Value value = view(scratch.value.text());
  scratch.editor.set(key, [&](msgpack::Writer& own) { own.value(value); });
  return true;
}

bool RecordFields::apply(const ExpressionSubject& subject, Scratch& scratch, std::string& error) const {
  scratch.keys.clear();
  scratch.evaluator.start(subject);
  for (const auto& field : fields_) {
    if (field->sees_earlier) {
      scratch.record.clear();
      scratch.editor.write(scratch.record);
      scratch.evaluator.start({subject.tag, subject.time, Record(view(scratch.record.text()))});
    }
    if (set(*field, scratch)) continue;
    error = cat("failed to expand the field '", field->key, "': ", scratch.evaluator.error());
    return false;
  }
  return true;
}

}  // namespace logboom
