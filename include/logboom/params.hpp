#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <logboom/config_element.hpp>

/// Declared parameters: a plugin names each parameter once – type, default, range, doc – and validation, the generated
/// docs and `--show-plugin-config` all come from that. A plugin's options are a plain struct; its `describe` lists the
/// members:
///
///     struct Options {
///       std::uint16_t port = 24224;
///       static void describe(Describe<Options>& d) { d.param("port", &Options::port, "TCP and UDP port.").live(); }
///     };
///
/// The default is the member's initial value, so that it stands in one place.
namespace logboom {

enum class PluginKind : std::uint8_t { input, output, filter, parser, formatter, buffer, service_discovery };

/// A number of bytes; written as `8m`, `8MiB`, `1.5k`.
struct ByteSize {
  std::uint64_t bytes = 0;
  friend constexpr auto operator<=>(const ByteSize&, const ByteSize&) = default;
};
/// Permission bits; written in octal.
struct FileMode {
  unsigned bits = 0;
};
/// A section that makes another plugin, e.g. `<format>`: which type, and its element (null where the section is
/// absent).
struct PluginSection {
  std::string type;
  const Element* element = nullptr;
};

/// What a parameter's declaration says; the generated docs print it.
struct ParamInfo {
  std::string name;
  std::string type;          // "integer", "string", "size", "time", "bool", "enum", …
  std::string default_text;  // empty: none
  std::string doc;
  std::vector<std::string> choices;
  std::vector<std::string> aliases;
  bool required = false;
  bool secret = false;
  bool changes_live = false;
};

/// Collects what is not an error: an unknown parameter, a value that means something else in Fluentd.
using WarnFn = std::function<void(const SourcePos&, std::string message)>;

class Schema;

struct SectionInfo {
  std::string name;
  std::string doc;
  bool many = false;
  std::string free_key;              // set where the user chooses the keys: what a key is
  std::string free_doc;              // and what its value is
  std::optional<PluginKind> plugin;  // set where the section makes a plugin
  std::string default_plugin;
  std::function<Schema()> schema;  // set where it is a plain section
};

/// A type-erased description of one options struct.
class Schema {
 public:
  struct Param {
    ParamInfo info;
    std::function<void(void* options, const Attribute&, std::string* note)> set;
  };
  struct Section {
    SectionInfo info;
    std::function<void(void* options, const Element&, const WarnFn&)> set;
  };

  /// Reads an element into `options`. Throws ConfigError for a value that is wrong or missing, ConfigErrors where there
  /// are several; warns of a parameter or section that is unknown, naming near ones. Attributes that start with `@`
  /// belong to the core.
  void apply(const Element& element, void* options, const WarnFn& warn) const;

  const std::vector<Param>& params() const noexcept { return params_; }
  const std::vector<Section>& sections() const noexcept { return sections_; }
  Param& param_at(std::size_t index) { return params_[index]; }
  Param& add(Param param) { return params_.emplace_back(std::move(param)); }
  Section& add(Section section) { return sections_.emplace_back(std::move(section)); }
  /// Sections and parameters that the plugin reads from its element by itself.
  void leave_section(std::string name) { left_sections_.push_back(std::move(name)); }
  bool leaves_section(std::string_view name) const;

 private:
  std::vector<Param> params_;
  std::vector<Section> sections_;
  std::vector<std::string> left_sections_;
};

namespace detail {

using StringPairs = std::vector<std::pair<std::string, std::string>>;

/// How a member of each type is read, shown and named.
void read(const Attribute& attribute, bool& out, std::string* note);
void read(const Attribute& attribute, std::int64_t& out, std::string* note);
void read(const Attribute& attribute, double& out, std::string* note);
void read(const Attribute& attribute, std::string& out, std::string* note);
void read(const Attribute& attribute, ByteSize& out, std::string* note);
void read(const Attribute& attribute, FileMode& out, std::string* note);
void read(const Attribute& attribute, std::chrono::nanoseconds& out, std::string* note);
void read(const Attribute& attribute, std::vector<std::string>& out, std::string* note);
void read(const Attribute& attribute, StringPairs& out, std::string* note);
void read(const Attribute& attribute, config_value::Regexp& out, std::string* note);
std::string show(bool value);
std::string show(std::int64_t value);
std::string show(double value);
std::string show(const std::string& value);
std::string show(ByteSize value);
std::string show(FileMode value);
std::string show(std::chrono::nanoseconds value);
std::string show(const std::vector<std::string>& value);
std::string show(const StringPairs& value);
std::string show(const config_value::Regexp& value);
std::string type_name(const bool*);
std::string type_name(const std::int64_t*);
std::string type_name(const double*);
std::string type_name(const std::string*);
std::string type_name(const ByteSize*);
std::string type_name(const FileMode*);
std::string type_name(const std::chrono::nanoseconds*);
std::string type_name(const std::vector<std::string>*);
std::string type_name(const StringPairs*);
std::string type_name(const config_value::Regexp*);

[[noreturn]] void out_of_range(const Attribute& attribute, std::int64_t low, std::int64_t high);

template <class T>
concept NarrowInteger = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, std::int64_t>;

template <NarrowInteger T>
void read(const Attribute& attribute, T& out, std::string* note) {
  std::int64_t wide = 0;
  read(attribute, wide, note);
  if (!std::in_range<T>(wide)) {
    constexpr auto high = std::numeric_limits<T>::max();
    out_of_range(
        attribute, static_cast<std::int64_t>(std::numeric_limits<T>::min()),
        std::in_range<std::int64_t>(high) ? static_cast<std::int64_t>(high) : std::numeric_limits<std::int64_t>::max());
  }
  out = static_cast<T>(wide);
}
template <NarrowInteger T>
std::string show(T value) {
  return std::to_string(value);
}
template <NarrowInteger T>
std::string type_name(const T*) {
  return type_name(static_cast<const std::int64_t*>(nullptr));
}

template <class T>
void read(const Attribute& attribute, std::optional<T>& out, std::string* note) {
  out.reset();
  if (!attribute.is_nil) read(attribute, out.emplace(), note);
}
template <class T>
std::string show(const std::optional<T>& value) {
  return value ? show(*value) : std::string();
}
template <class T>
std::string type_name(const std::optional<T>*) {
  return type_name(static_cast<const T*>(nullptr));
}

[[noreturn]] void not_a_choice(const Attribute& attribute, const std::vector<std::string>& choices);

}  // namespace detail

template <class Options>
class Describe {
 public:
  /// What can be said of a parameter after it was declared.
  class Param {
   public:
    Param(Schema& schema, std::size_t index) : schema_(schema), index_(index) {}
    Param& required() { return info().required = true, *this; }
    Param& secret() { return info().secret = true, *this; }
    Param& live() { return info().changes_live = true, *this; }
    Param& alias(std::string name) { return info().aliases.push_back(std::move(name)), *this; }
    Param& range(std::int64_t low, std::int64_t high) {
      auto& set = schema_.param_at(index_).set;
      set = [inner = std::move(set), low, high](void* options, const Attribute& attribute, std::string* note) {
        const std::int64_t value = config_value::integer(attribute);
        if (value < low || value > high) detail::out_of_range(attribute, low, high);
        inner(options, attribute, note);
      };
      return *this;
    }

   private:
    ParamInfo& info() { return schema_.param_at(index_).info; }
    Schema& schema_;
    std::size_t index_;
  };

  template <class T>
  Param param(std::string name, T Options::*member, std::string doc) {
    ParamInfo info;
    info.name = std::move(name);
    info.type = detail::type_name(static_cast<const T*>(nullptr));
    info.default_text = detail::show(defaults_.*member);
    info.doc = std::move(doc);
    schema_.add(Schema::Param{std::move(info), [member](void* options, const Attribute& attribute, std::string* note) {
                                detail::read(attribute, static_cast<Options*>(options)->*member, note);
                              }});
    return Param(schema_, schema_.params().size() - 1);
  }

  /// A parameter with a fixed set of words.
  template <class E>
  Param choice(std::string name, E Options::*member, std::vector<std::pair<std::string, E>> words, std::string doc) {
    ParamInfo info;
    info.name = std::move(name);
    info.type = "enum";
    info.doc = std::move(doc);
    for (const auto& [word, value] : words) {
      info.choices.push_back(word);
      if (value == defaults_.*member) info.default_text = word;
    }
    auto choices = info.choices;
    schema_.add(Schema::Param{std::move(info), [member, words = std::move(words), choices = std::move(choices)](
                                                   void* options, const Attribute& attribute, std::string*) {
                                for (const auto& [word, value] : words) {
                                  if (word != attribute.value) continue;
                                  static_cast<Options*>(options)->*member = value;
                                  return;
                                }
                                detail::not_a_choice(attribute, choices);
                              }});
    return Param(schema_, schema_.params().size() - 1);
  }

  /// `<name>` with parameters of its own: a struct with its own `describe`; optional or a vector where it may be absent
  /// or come more than once.
  template <class S>
  void section(std::string name, S Options::*member, std::string doc) {
    add_section<S>(std::move(name), std::move(doc), false,
                   [member](void* options) -> S& { return static_cast<Options*>(options)->*member; });
  }
  template <class S>
  void section(std::string name, std::optional<S> Options::*member, std::string doc) {
    add_section<S>(std::move(name), std::move(doc), false, [member](void* options) -> S& {
      auto& slot = static_cast<Options*>(options)->*member;
      if (!slot) slot.emplace();
      return *slot;
    });
  }
  template <class S>
  void section(std::string name, std::vector<S> Options::*member, std::string doc) {
    add_section<S>(std::move(name), std::move(doc), true,
                   [member](void* options) -> S& { return (static_cast<Options*>(options)->*member).emplace_back(); });
  }

  /// `<name>` that makes another plugin: `@type` decides which, the member's initial `type` where it says nothing.
  void plugin(std::string name, PluginSection Options::*member, PluginKind kind, std::string doc) {
    add_plugin(std::move(name), kind, (defaults_.*member).type, std::move(doc), false,
               [member](void* options) -> PluginSection& { return static_cast<Options*>(options)->*member; });
  }
  void plugin(std::string name, std::vector<PluginSection> Options::*member, PluginKind kind, std::string doc) {
    add_plugin(std::move(name), kind, "", std::move(doc), true, [member](void* options) -> PluginSection& {
      return (static_cast<Options*>(options)->*member).emplace_back();
    });
  }

  /// `<name>` whose keys the user chooses; the plugin reads it from its element by itself. `key` and `value` say what
  /// they are: "a field's name", "Its value.".
  void free_section(std::string name, std::string doc, std::string key, std::string value) {
    SectionInfo info;
    info.name = std::move(name);
    info.doc = std::move(doc);
    info.many = true;
    info.free_key = std::move(key);
    info.free_doc = std::move(value);
    schema_.add(Schema::Section{std::move(info), [](void*, const Element&, const WarnFn&) {}});
  }

  /// A section that the core reads, not the plugin (`<buffer>`).
  void leave_section(std::string name) { schema_.leave_section(std::move(name)); }

  Schema take() { return std::move(schema_); }

 private:
  template <class S, class Get>
  void add_section(std::string name, std::string doc, bool many, Get get);
  template <class Get>
  void add_plugin(std::string name, PluginKind kind, std::string default_type, std::string doc, bool many, Get get);

  Schema schema_;
  Options defaults_{};
};

template <class Options>
Schema schema_of() {
  Describe<Options> describe;
  Options::describe(describe);
  return describe.take();
}

template <class Options>
template <class S, class Get>
void Describe<Options>::add_section(std::string name, std::string doc, bool many, Get get) {
  SectionInfo info;
  info.name = std::move(name);
  info.doc = std::move(doc);
  info.many = many;
  info.schema = [] { return schema_of<S>(); };
  schema_.add(Schema::Section{std::move(info), [get](void* options, const Element& element, const WarnFn& warn) {
                                S& target = get(options);
                                if constexpr (requires { target.arg = element.arg; }) target.arg = element.arg;
                                schema_of<S>().apply(element, &target, warn);
                              }});
}

template <class Options>
template <class Get>
void Describe<Options>::add_plugin(std::string name, PluginKind kind, std::string default_type, std::string doc,
                                   bool many, Get get) {
  SectionInfo info;
  info.name = std::move(name);
  info.doc = std::move(doc);
  info.many = many;
  info.plugin = kind;
  info.default_plugin = default_type;
  schema_.add(Schema::Section{std::move(info), [get](void* options, const Element& element, const WarnFn&) {
                                PluginSection& target = get(options);
                                if (const Attribute* type = element.find("@type")) target.type = type->value;
                                target.element = &element;
                              }});
}

}  // namespace logboom
