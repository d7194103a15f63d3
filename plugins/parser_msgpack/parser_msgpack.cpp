#include <logboom/parser_fields.hpp>

namespace logboom::plugins {
namespace {

using msgpack::Scan;
using msgpack::Value;

/// The most that is kept of an object that is not whole.
constexpr std::size_t longest_object = std::size_t{64} << 20;

class MsgpackParser : public Parser {
 public:
  struct Options : ParserOptions {
    static void describe(Describe<Options>& d) { describe_parser(d); }
  };

  MsgpackParser(const Options& options, BuildContext& context) : fields_(options, context.element()) {}

  Unit unit() const override { return Unit::stream; }

  bool parse(std::string_view text, ParsedSink& sink, std::string& error) override {
    fields_.reset();
    const std::size_t kept = begun_.size();
    if (kept != 0) {
      begun_.append(text);
      text = begun_.text();
    }
    std::size_t used = 0;
    const bool good = take_all(text, used, error);
    if (good) fields_.deliver(sink);
    keep(text.substr(used), kept != 0);
    return good;
  }

 private:
  /// Takes whole objects from `text`, the first `scanned_` bytes of which were looked at before.
  bool take_all(std::string_view text, std::size_t& used, std::string& error) {
    const auto* const data = reinterpret_cast<const std::uint8_t*>(text.data());
    const std::uint8_t* const end = data + text.size();
    const std::uint8_t* object = data;
    const std::uint8_t* at = data + scanned_;
    bool good = true;
    for (;;) {
      if (at == object) skipper_.start();
      const Scan scan = at == end ? Scan::incomplete : skipper_.advance(at, end);
      const bool too_long = scan == Scan::incomplete && static_cast<std::size_t>(end - object) > longest_object;
      if (scan == Scan::malformed || too_long) {
        error = too_long ? "a msgpack object without end" : "malformed msgpack";
        used = text.size();
        scanned_ = 0;
        return false;
      }
      if (scan == Scan::incomplete) break;
      good = good && take(Value(object, at), error);
      object = at;
    }
    used = static_cast<std::size_t>(object - data);
    scanned_ = static_cast<std::size_t>(at - object);
    return good;
  }

  /// A map is a record; an array is one of records.
  bool take(const Value& value, std::string& error) {
    if (value.type() == msgpack::Type::map) return fields_.map(value, error);
    if (value.type() != msgpack::Type::array) {
      error = "a msgpack object that is no map";
      return false;
    }
    const std::uint8_t* at = value.children();
    for (std::uint32_t left = value.count(); left > 0; --left) {
      const Value element(at, msgpack::skip(at, value.end()));
      if (element.type() != msgpack::Type::map) {
        error = "a msgpack array with an element that is no map";
        return false;
      }
      if (!fields_.map(element, error)) return false;
      at = element.end();
    }
    return true;
  }

  void keep(std::string_view rest, bool is_kept) {
    if (!is_kept) return begun_.append(rest);
    OutBuffer moved;
    moved.append(rest);
    begun_ = std::move(moved);
  }

  FieldWriter fields_;
  OutBuffer begun_;  // an object that is not whole
  std::size_t scanned_ = 0;
  msgpack::Skipper skipper_;
};

}  // namespace

PluginInfo parser_msgpack() {
  return describe_plugin<MsgpackParser>(PluginKind::parser, "msgpack", "Maps of msgpack, in a stream.");
}

}  // namespace logboom::plugins
