/// The skipper, fed in cuts that the input chooses, must agree with msgpack-c on where an object ends (it refuses more
/// extensions), and a whole document must survive being read with Value and written with Writer.
#include <logboom/event.hpp>
#include <logboom/json.hpp>
#include <logboom/msgpack.hpp>

#include <cstdlib>
#include <msgpack.hpp>

namespace {

using logboom::OutBuffer;
using logboom::msgpack::Scan;
using logboom::msgpack::Skipper;
using logboom::msgpack::Type;
using logboom::msgpack::Value;
using logboom::msgpack::Writer;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Oracle : msgpack::null_visitor {
  bool visit_ext(const char* body, std::uint32_t size) {
    other_extension = other_extension || size != 9 || body[0] != 0;
    return true;
  }
  void parse_error(std::size_t, std::size_t) { malformed = true; }
  void insufficient_bytes(std::size_t, std::size_t) { incomplete = true; }

  bool other_extension = false;
  bool malformed = false;
  bool incomplete = false;
};

bool is_extension(std::uint8_t first) { return (first >= 0xd4 && first <= 0xd8) || (first >= 0xc7 && first <= 0xc9); }

struct Result {
  Scan scan;
  const std::uint8_t* at;
};

/// Shows the skipper more and more of the input, by steps between 1 and `step`.
Result skip_in_steps(const std::uint8_t* data, std::size_t size, std::size_t step) {
  Skipper skipper;
  skipper.start();
  const std::uint8_t* p = data;
  std::size_t shown = 0;
  Scan scan = Scan::incomplete;
  while (scan == Scan::incomplete && shown < size) {
    shown = std::min(size, shown + 1 + (shown * 7 + step) % step);
    scan = skipper.advance(p, data + shown);
    if (scan == Scan::incomplete) require(data + shown - p <= 8);
  }
  require(skipper.idle() == (scan == Scan::complete) || scan == Scan::malformed);
  return {scan, p};
}

void compare_with_oracle(const std::uint8_t* data, std::size_t size, std::size_t step) {
  Oracle oracle;
  std::size_t end = 0;
  bool whole = false;
  try {
    whole = msgpack::parse(reinterpret_cast<const char*>(data), size, end, oracle);
  } catch (const msgpack::ext_size_overflow&) {
    oracle.other_extension = oracle.malformed = true;
  }
  const Result result = skip_in_steps(data, size, step);
  const Result slow = skip_in_steps(data, size, 1);
  require(result.scan == slow.scan);
  if (slow.scan == Scan::malformed) {
    require(is_extension(*slow.at) || oracle.malformed);
  } else if (slow.scan == Scan::complete) {
    require(whole && !oracle.other_extension && result.at == slow.at);
    require(result.at == data + end);
  } else {
    require(!whole && oracle.incomplete && !oracle.malformed && !oracle.other_extension);
  }
  require((logboom::msgpack::skip(data, data + size) == nullptr) == (slow.scan != Scan::complete));
}

void write_scalar(const Value& value, Writer& out) {
  std::int64_t number = 0;
  std::uint64_t large = 0;
  double real = 0;
  switch (value.type()) {
    case Type::nil: return out.nil();
    case Type::boolean: return out.boolean(value.truthy());
    case Type::integer:
      if (value.to_int(number)) return out.integer(number);
      require(value.to_uint(large));
      return out.unsigned_integer(large);
    case Type::floating: require(value.to_double(real)); return out.floating(real);
    case Type::string: return out.string(value.text());
    case Type::binary: return out.binary(value.text());
    default: {
      logboom::EventTime time;
      const std::uint8_t* p = value.begin();
      require(logboom::read_time(p, value.end(), time) && p == value.end());
      return out.event_time(static_cast<std::uint32_t>(time.sec), time.nsec);
    }
  }
}

void rewrite(const Value& document, OutBuffer& bytes) {
  Writer out(bytes);
  for (const std::uint8_t* p = document.begin(); p != document.end();) {
    const Value value(p, document.end());
    if (value.type() == Type::array || value.type() == Type::map) {
      value.type() == Type::map ? out.map(value.count()) : out.array(value.count());
      p = value.children();
      continue;
    }
    const std::uint8_t* after = logboom::msgpack::skip(p, document.end());
    write_scalar({p, after}, out);
    p = after;
  }
}

void compare_rewritten(const Value& document) {
  OutBuffer bytes;
  rewrite(document, bytes);
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  require(logboom::msgpack::skip(data, data + bytes.size()) == data + bytes.size());
  OutBuffer before;
  OutBuffer after;
  logboom::append_json(before, document, {logboom::InvalidUtf8::raw});
  logboom::append_json(after, {data, data + bytes.size()}, {logboom::InvalidUtf8::raw});
  require(before.text() == after.text());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t step = 1 + data[0];
  ++data;
  --size;
  compare_with_oracle(data, size, step);
  const std::uint8_t* end = logboom::msgpack::skip(data, data + size);
  if (end != nullptr) compare_rewritten({data, end});
  return 0;
}
