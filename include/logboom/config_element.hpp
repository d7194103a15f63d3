#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The parsed form of a configuration file and the conversion of its values.
///
/// Format: Fluentd's configuration language v1 (https://docs.fluentd.org/configuration/config-file). Everything here
/// is plain data: it may be copied, moved between threads and outlive the parser. Nothing here is for the data path.
namespace logboom {

/// A place in a configuration. Lines and columns count from 1; a column is a UTF-8 character, a tab is one column.
struct SourcePos {
  std::shared_ptr<const std::string> file;
  unsigned line = 0;
  unsigned column = 0;

  /// "fluent.conf:3:5"; without what is not known (no file, line 0).
  std::string to_string() const;
};

/// One `key value` line.
struct Attribute {
  std::string key;
  std::string value;        ///< Unquoted and evaluated. A JSON value is text without comments and outer white space.
  bool is_nil = false;      ///< `#{use_nil}`: given, and without a value. `value` is empty.
  bool is_default = false;  ///< `#{use_default}`: to be treated as if the key were not there. `value` is empty.
  SourcePos key_pos;
  SourcePos value_pos;  ///< The value's first character (an opening quote included); behind the key if empty.
};

/// One `<name arg> … </name>` section; the root has the name "ROOT" and no argument.
/// The contents of included files stand where their `@include` stood.
struct Element {
  std::string name;
  std::string arg;
  SourcePos pos;                      ///< The `<`.
  std::vector<Attribute> attributes;  ///< In the file's order, duplicates included.
  std::vector<Element> children;      ///< In the file's order, which matters for `<match>` and `<filter>`.

  /// The attribute that counts: the last one of that key, or nullptr. Look at `is_nil` and `is_default` first.
  /// The pointer is valid until this element is changed.
  const Attribute* find(std::string_view key) const;

  /// The direct children of that name, in order. The pointers are valid until this element is changed.
  std::vector<const Element*> sections(std::string_view section_name) const;
};

/// Everything that can be wrong in a configuration. `what()` is "file:line:column: message".
class ConfigError : public std::runtime_error {
 public:
  /// `rule`: a short name for this kind of error, as `logboom check --json` shows it.
  ConfigError(SourcePos pos, std::string message, std::string rule = {});

  const SourcePos& pos() const noexcept { return pos_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& rule() const noexcept { return rule_; }

 protected:
  ConfigError(const std::string& what, const ConfigError& first);

 private:
  SourcePos pos_;
  std::string message_;
  std::string rule_;
};

/// Several errors, sorted by place, each once. `what()` has a line for each; the rest is that of the first.
class ConfigErrors final : public ConfigError {
 public:
  /// `errors` is sorted, without duplicates, and not empty.
  explicit ConfigErrors(std::vector<ConfigError> errors);
  const std::vector<ConfigError>& all() const noexcept { return all_; }

 private:
  std::vector<ConfigError> all_;
};

/// Goes on after an error, so that somebody who has made several is told of all of them at once.
class ConfigErrorCollector {
 public:
  /// Runs `work`; false where it threw a ConfigError, which is kept.
  template <class F>
  bool attempt(F&& work) {
    try {
      std::forward<F>(work)();
      return true;
    } catch (const ConfigError& error) {
      add(error);
      return false;
    }
  }
  /// Those of a ConfigErrors are added one by one.
  void add(const ConfigError& error);
  /// Sorted by place, each once.
  std::vector<ConfigError> take();
  /// Throws what was collected: a ConfigErrors where there are several.
  void throw_if_any();

 private:
  std::vector<ConfigError> errors_;
};

/// Conversions of an attribute's value. Each throws ConfigError at the attribute's value when the text is not of that
/// type (or is nil), saying what was expected and what was found. White space around a value does not count.
///
/// `note`: set when the value is read otherwise than Fluentd would read it, to a sentence that says both readings, so
/// that the caller can warn once. It is left alone in all other cases.
namespace config_value {

/// Decimal, `_` between digits allowed, or hexadecimal with `0x`. A leading zero does not mean octal.
std::int64_t integer(const Attribute& attribute);

/// A finite decimal number.
double real(const Attribute& attribute);

/// true, yes or nothing; false or no.
bool boolean(const Attribute& attribute);

/// Bytes; units k, m, g, t (powers of 1024, any case), also as kb, KiB and so on. Fractions are rounded to bytes.
std::uint64_t size(const Attribute& attribute, std::string* note = nullptr);

/// Seconds without a unit; units ns, us, ms, s, m, h, d, w (also as words), also joined: 1h30m. May be negative.
std::chrono::nanoseconds time(const Attribute& attribute, std::string* note = nullptr);

/// A JSON array or a comma-separated list. JSON numbers, booleans, arrays and objects come as their JSON text, null as
/// an empty string.
std::vector<std::string> array(const Attribute& attribute);

/// A JSON object or `key:value,key2:value2`, in order; of a duplicate key the last value counts. Values as in array().
std::vector<std::pair<std::string, std::string>> hash(const Attribute& attribute);

/// A file mode in octal, with or without the leading zero: 0644, 644. At most 07777.
unsigned octal_mode(const Attribute& attribute);

/// A regular expression in Ruby's syntax, not compiled.
struct Regexp {
  std::string source;
  bool ignore_case = false;
  bool multiline = false;  ///< Ruby's meaning: `.` matches a newline too.
  bool extended = false;
};

/// `/…/` with the options i, m and x, or a bare pattern.
Regexp regexp(const Attribute& attribute);

/// One of `allowed`. The error lists them, and the nearest one first.
std::string enumeration(const Attribute& attribute, std::span<const std::string_view> allowed);

}  // namespace config_value
}  // namespace logboom
