#include <logboom/filter.hpp>
#include <logboom/per_worker.hpp>

namespace logboom::plugins {
namespace {

using msgpack::Type;
using msgpack::Value;

class Dedot : public Filter {
 public:
  struct Options {
    bool de_dot = true;
    bool de_dot_nested = false;
    std::string de_dot_separator = "_";

    static void describe(Describe<Options>& d) {
      d.param("de_dot", &Options::de_dot, "Replace dots in the record's keys; false: leave everything as it is.");
      d.param("de_dot_nested", &Options::de_dot_nested, "Do so in nested objects too, also in those inside of arrays.");
      d.param("de_dot_separator", &Options::de_dot_separator, "What takes a dot's place.");
    }
  };

  Dedot(Options options, BuildContext& context) : options_(std::move(options)), scratch_(context) {
    if (options_.de_dot && options_.de_dot_separator.find('.') != std::string::npos) {
      throw ConfigError(context.element().find("de_dot_separator")->value_pos, "de_dot_separator can't hold a dot");
    }
  }

  void apply(const EventBatch& batch, FilterSink& sink) override {
    Scratch& scratch = scratch_.at(sink.worker());
    batch.for_each([&](const Event& event) {
      scratch.out.clear();
      if (!options_.de_dot || !write(event.record.value(), scratch)) return sink.keep(event);
      sink.replace(event, event.time, scratch.out.text());
    });
  }

 private:
  struct Open {
    std::uint32_t left;
    bool is_map;
  };
  struct Scratch {
    OutBuffer out;
    std::string key;
    std::vector<Open> open;
  };

  /// Writes the record with other keys. False where no key has a dot, and the record can stay as it is.
  ///
  /// A map's header says how many pairs it has and not how many bytes, so that everything but the keys is copied as it
  /// is, from one changed key to the next.
  bool write(const Value& record, Scratch& scratch) const {
    const std::uint8_t* const end = record.end();
    const std::uint8_t* copied = record.begin();
    const std::uint8_t* at = record.children();
    std::vector<Open>& open = scratch.open;
    open.assign(1, {record.count(), true});
    while (!open.empty()) {
      if (open.back().left == 0) {
        open.pop_back();
        continue;
      }
      --open.back().left;
      if (open.back().is_map) {
        const std::uint8_t* key_end = msgpack::skip(at, end);
        const Value key(at, key_end);
        if (key.is_text() && key.text().find('.') != std::string_view::npos) {
          scratch.out.append(copied, static_cast<std::size_t>(at - copied));
          write_key(key, scratch);
          copied = key_end;
        }
        at = key_end;
      }
      at = enter(at, end, open);
    }
    if (copied == record.begin()) return false;
    scratch.out.append(copied, static_cast<std::size_t>(end - copied));
    return true;
  }

  /// Steps into a nested map or array, or over any other value.
  const std::uint8_t* enter(const std::uint8_t* at, const std::uint8_t* end, std::vector<Open>& open) const {
    const Type type = msgpack::type_of(*at);
    const bool nested = options_.de_dot_nested && (type == Type::map || type == Type::array);
    if (!nested) return msgpack::skip(at, end);
    const Value value(at, end);
    open.push_back({value.count(), type == Type::map});
    return value.children();
  }

  void write_key(const Value& key, Scratch& scratch) const {
    scratch.key.clear();
    for (const char c : key.text()) {
      c == '.' ? scratch.key += options_.de_dot_separator : scratch.key += c;
    }
    msgpack::Writer writer(scratch.out);
    key.type() == Type::string ? writer.string(scratch.key) : writer.binary(scratch.key);
  }

  Options options_;
  PerWorker<Scratch> scratch_;
};

}  // namespace

PluginInfo filter_dedot() {
  return describe_plugin<Dedot>(PluginKind::filter, "dedot", "Replaces dots in field names.");
}

}  // namespace logboom::plugins
