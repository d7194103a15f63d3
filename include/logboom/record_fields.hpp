#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/expression.hpp>
#include <logboom/params.hpp>
#include <logboom/record_editor.hpp>

namespace logboom {

/// The `<record>` sections of a filter: keys of new fields, and values with placeholders.
///
/// Immutable: may be shared by threads; each gives its own Scratch.
class RecordFields {
 public:
  struct Settings {
    ExpressionTemplate::Mode mode = ExpressionTemplate::Mode::plain;
    bool keep_types = true;  ///< a value that is one placeholder has its type; else it is text
    bool nested = true;      ///< a value that is a JSON object or array is one, and keys may have placeholders
    bool in_turn = false;    ///< a field sees those above it in `record`
    ExpressionSettings expressions;
  };

  /// What one thread needs while it works. `editor` holds the changes.
  struct Scratch {
    Evaluator evaluator;
    RecordEditor editor;
    OutBuffer out;
    OutBuffer value;
    OutBuffer record;
    std::vector<std::unique_ptr<std::string>> keys;
  };

  /// Throws ConfigError at the value that is no template; warns of placeholders that are none.
  static RecordFields compile(const Element& element, const Settings& settings, const WarnFn& warn);

  /// Sets every field in the scratch's editor, which was started with the subject's record. False where an expression
  /// fails: `error` then says which and why.
  bool apply(const ExpressionSubject& subject, Scratch& scratch, std::string& error) const;

  bool empty() const noexcept { return fields_.empty(); }

 private:
  struct Node;
  struct Field;
  static std::shared_ptr<const Node> compile_value(const Attribute& attribute, const Settings& settings,
                                                   const WarnFn& warn);
  static std::shared_ptr<const Node> compile_json(const msgpack::Value& value, const Attribute& attribute,
                                                  const Settings& settings, const WarnFn& warn);
  static bool write(const Node& node, Evaluator& evaluator, msgpack::Writer& writer);
  bool set(const Field& field, Scratch& scratch) const;

  std::vector<std::shared_ptr<const Field>> fields_;
};

}  // namespace logboom
