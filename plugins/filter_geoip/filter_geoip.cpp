#include <logboom/filter.hpp>
#include <logboom/inject.hpp>
#include <logboom/per_worker.hpp>
#include <logboom/record_accessor.hpp>
#include <logboom/record_editor.hpp>

#include "database.hpp"
#include "fields.hpp"

namespace logboom::plugins {
namespace {

using geoip::Database;
using geoip::Fields;
using geoip::Placeholder;

constexpr std::uint8_t nil_byte = 0xc0;

enum class Backend : std::uint8_t { geoip2_c, geoip2_compat, geoip };

class GeoipFilter final : public Filter {
 public:
  struct Options {
    std::string geoip2_database;
    std::vector<std::string> geoip_lookup_keys{"host"};
    Backend backend_library = Backend::geoip2_c;
    bool skip_adding_null_record = false;
    std::optional<std::string> geoip_database;
    std::optional<InjectOptions> inject;

    static void describe(Describe<Options>& d) {
      d.param("geoip2_database", &Options::geoip2_database,
              "The file: a MaxMind database (.mmdb) such as GeoLite2-City. None comes with logboom.")
          .required();
      d.param("geoip_lookup_keys", &Options::geoip_lookup_keys,
              "The fields with an address; nested ones as $.a.b or $['a']['b.c'].")
          .alias("geoip_lookup_key");
      d.choice("backend_library", &Options::backend_library,
               {{"geoip2_c", Backend::geoip2_c}, {"geoip2_compat", Backend::geoip2_compat}, {"geoip", Backend::geoip}},
               "Which names placeholders have: paths in the database (geoip2_c), or city, country_code, country_name, "
               "latitude, longitude, postal_code, region, region_name (geoip2_compat). geoip, the old format, is "
               "refused.");
      d.param("skip_adding_null_record", &Options::skip_adding_null_record,
              "Add nothing where the first placeholder of `<record>` has no value.");
      d.param("geoip_database", &Options::geoip_database, "The file of the backend geoip; has no effect.");
      d.section("inject", &Options::inject, inject_doc);
      d.free_section("record", "The fields to set, in this order.", "a field's name",
                     "Its value: one placeholder such as `${city.names.en[\"host\"]}`, text with placeholders, or a "
                     "JSON object or array that has some inside.");
    }
  };

  GeoipFilter(const Options& options, BuildContext& context)
      : database_(open(options, context)),
        fields_(fields_of(options, context)),
        skip_null_(options.skip_adding_null_record),
        workers_(context, [&] {
          return std::make_unique<Worker>(Injector(options.inject, context.element(), context.system()));
        }) {
    const SourcePos& pos = position(context.element(), "geoip_lookup_keys");
    for (const std::string& key : options.geoip_lookup_keys) {
      try {
        lookups_.push_back(RecordAccessor::compile(key));
      } catch (const std::invalid_argument& error) {
        throw ConfigError(pos, error.what());
      }
      if (!key.starts_with('$') && key.find('.') != std::string::npos) {
        context.warn(pos, cat("'", key, "' is one key with a dot in it; for a nested field write $.", key));
      }
    }
  }

  void apply(const EventBatch& batch, FilterSink& sink) override {
    Worker& worker = workers_.at(sink.worker());
    const std::string_view tag = batch.tag().text();
    batch.for_each([&](const Event& event) {
      worker.error.clear();
      worker.editor.start(event.record);
      if (look_up(event.record, worker) && (!skip_null_ || has_first_value(worker))) set_fields(worker);
      if (!worker.error.empty()) return sink.fail(event, worker.error);
      if (!worker.editor.changed() && !worker.injector.active()) return sink.keep(event);
      worker.out.clear();
      worker.editor.write(worker.out);
      replace(tag, event, worker, sink);
    });
  }

 private:
  struct Worker {
    explicit Worker(Injector made) : injector(std::move(made)) {}
    Injector injector;
    RecordEditor editor;
    std::vector<std::optional<MMDB_entry_s>> entries;  // for each lookup key
    std::vector<std::size_t> ends;                     // of each placeholder's value in `bytes`
    OutBuffer bytes, out, scratch;
    Fields::Values values;
    std::string text, error;
  };

  static const SourcePos& position(const Element& element, std::string_view key) {
    const Attribute* attribute = element.find(key);
    return attribute != nullptr ? attribute->value_pos : element.pos;
  }

  static Database open(const Options& options, BuildContext& context) {
    const Element& element = context.element();
    if (options.backend_library == Backend::geoip) {
      throw ConfigError(position(element, "backend_library"),
                        "the old GeoIP format (.dat) is not read: use a .mmdb file, with geoip2_database and without "
                        "backend_library");
    }
    for (const Attribute& attribute : element.attributes) {
      if (!attribute.key.starts_with("enable_key_")) continue;
      throw ConfigError(attribute.key_pos, cat(attribute.key, " is of the old plugin: name fields in <record>"));
    }
    if (options.geoip_database) {
      context.warn(position(element, "geoip_database"), "geoip_database has no effect: geoip2_database is read");
    }
    try {
      return Database(options.geoip2_database);
    } catch (const std::runtime_error& error) {
      throw ConfigError(position(element, "geoip2_database"), error.what());
    }
  }

  static Fields fields_of(const Options& options, BuildContext& context) {
    const Element& element = context.element();
    if (options.geoip_lookup_keys.empty()) {
      throw ConfigError(position(element, "geoip_lookup_keys"), "geoip_lookup_keys names no field");
    }
    return Fields::compile(
        element, {options.geoip_lookup_keys, options.backend_library == Backend::geoip2_compat},
        [&context](const SourcePos& pos, std::string message) { context.warn(pos, std::move(message)); });
  }

  /// False where the database is damaged.
  bool look_up(const Record& record, Worker& worker) const {
    worker.entries.clear();
    for (const RecordAccessor& lookup : lookups_) {
      const msgpack::Value address = lookup.find(record);
      worker.entries.push_back(address ? database_.find(address.text(), worker.error) : std::nullopt);
    }
    worker.bytes.clear();
    worker.ends.clear();
    msgpack::Writer writer(worker.bytes);
    for (const Placeholder& placeholder : fields_.placeholders()) {
      const auto entry = placeholder.address ? worker.entries[*placeholder.address] : std::nullopt;
      const std::size_t begin = worker.bytes.size();
      if (!entry) {
        writer.nil();
      } else if (!Database::write(*entry, placeholder.path, writer, worker.error)) {
        return false;
      } else if (placeholder.is_coordinate && static_cast<std::uint8_t>(worker.bytes.data()[begin]) == nil_byte) {
        worker.bytes.truncate(begin);
        writer.floating(0);
      }
      worker.ends.push_back(worker.bytes.size());
    }
    const auto* data = reinterpret_cast<const std::uint8_t*>(worker.bytes.data());
    worker.values.clear();
    std::size_t begin = 0;
    for (const std::size_t end : worker.ends) worker.values.emplace_back(data + std::exchange(begin, end), data + end);
    return worker.error.empty();
  }

  /// Of the placeholders whose address the database knows the first one counts.
  bool has_first_value(const Worker& worker) const {
    for (std::size_t i = 0; i < worker.values.size(); ++i) {
      const Placeholder& placeholder = fields_.placeholders()[i];
      if (placeholder.address && worker.entries[*placeholder.address]) return *worker.values[i].begin() != nil_byte;
    }
    return false;
  }

  void set_fields(Worker& worker) const {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      worker.editor.set(fields_.key(i), [&](msgpack::Writer& writer) {
        fields_.write(i, worker.values, writer, worker.text, worker.scratch);
      });
    }
  }

  static void replace(std::string_view tag, const Event& event, Worker& worker, FilterSink& sink) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(worker.out.data());
    const Record made(msgpack::Value(data, data + worker.out.size()));
    const msgpack::Value record = worker.injector.apply(tag, {event.time, made, {}}).record.value();
    sink.replace(event, event.time, {reinterpret_cast<const char*>(record.begin()), record.size()});
  }

  Database database_;
  Fields fields_;
  bool skip_null_;
  std::vector<RecordAccessor> lookups_;
  PerWorker<Worker> workers_;
};

}  // namespace

PluginInfo filter_geoip() {
  return describe_plugin<GeoipFilter>(PluginKind::filter, "geoip",
                                      "Adds where an IP address is in the world, from a MaxMind database.");
}

}  // namespace logboom::plugins
