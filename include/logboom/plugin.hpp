#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/log.hpp>
#include <logboom/metrics.hpp>
#include <logboom/params.hpp>
#include <logboom/regexp.hpp>

namespace logboom {

class Formatter;
class Output;
class Parser;
class Reemitter;

/// A thing that a configuration names by `@type`.
class Plugin {
 public:
  Plugin() = default;
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
  virtual ~Plugin() = default;
};

/// What `<system>` says, for everybody.
struct SystemSettings {
  unsigned workers = 1;
  std::string root_dir;
  std::optional<FileMode> file_permission;
  std::optional<FileMode> dir_permission;
  std::string hostname;
  std::uint64_t decompression_budget = std::uint64_t{512} << 20;  // bytes, for all inputs together
  std::uint64_t connection_memory = std::uint64_t{1} << 30;       // the same
};

/// What a plugin finds while it is made. Valid during its constructor only, but for what the references say themselves:
/// the log and the metrics live longer than every plugin.
class BuildContext {
 public:
  virtual ~BuildContext() = default;

  virtual const std::string& id() const = 0;  // `@id`, or kind and position: "out_file:12"
  virtual const Element& element() const = 0;
  virtual Log& log() = 0;
  virtual Metrics& metrics() = 0;
  virtual MetricLabels labels() const = 0;  // id and type of this plugin
  virtual const SystemSettings& system() const = 0;
  /// Counts the searches that the plugin's regexps, its parsers' among them, give up; null: nobody wants to know.
  /// Registered once somebody asks. See RegexpCounting; `describe_plugin` sees to it.
  virtual std::shared_ptr<Counter> regexp_counter() { return nullptr; }
  virtual void warn(const SourcePos& pos, std::string message) = 0;

  /// Makes a formatter on each call: one for each thread that formats. Throws ConfigError at once if it can't be made.
  using FormatterFactory = std::function<std::unique_ptr<Formatter>()>;
  virtual FormatterFactory formatter(const PluginSection& section) = 0;
  /// The same for a parser.
  using ParserFactory = std::function<std::unique_ptr<Parser>()>;
  virtual ParserFactory parser(const PluginSection& section) = 0;
  /// For an output: its way back into the rules. Valid as long as the output.
  virtual Reemitter& reemitter() = 0;
  /// Says that the plugin sends events to a label, which the configuration must have.
  virtual void label(const std::string& name, const SourcePos& pos) = 0;
  /// Makes an output of its own for a `<store>`; returns its place for RoutePlan::store.
  /// `own` names parameters in that section which are the caller's, not the store's.
  virtual std::size_t store(const PluginSection& section, const std::vector<std::string>& own) = 0;
  std::size_t store(const PluginSection& section) { return store(section, {}); }
};

/// One built-in or loaded plugin: what the registry knows of it.
struct PluginInfo {
  PluginKind kind;
  std::string name;
  std::string summary;
  std::vector<std::string> aliases;
  std::function<Schema()> schema;
  std::function<std::unique_ptr<Plugin>(const Element&, BuildContext&)> make;
};

/// The description of a plugin class `P` with a nested `Options` and a constructor `P(Options, BuildContext&)`.
template <class P>
PluginInfo describe_plugin(PluginKind kind, std::string name, std::string summary,
                           std::vector<std::string> aliases = {}) {
  PluginInfo info;
  info.kind = kind;
  info.name = std::move(name);
  info.summary = std::move(summary);
  info.aliases = std::move(aliases);
  info.schema = [] { return schema_of<typename P::Options>(); };
  info.make = [](const Element& element, BuildContext& context) -> std::unique_ptr<Plugin> {
    const RegexpCounting counting([&context] { return context.regexp_counter(); });
    typename P::Options options;
    schema_of<typename P::Options>().apply(element, &options, [&context](const SourcePos& pos, std::string message) {
      context.warn(pos, std::move(message));
    });
    return std::make_unique<P>(std::move(options), context);
  };
  return info;
}

}  // namespace logboom
