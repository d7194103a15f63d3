#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/testing.hpp>

#include "../session.hpp"

/// One connection's bytes: [options][number of cuts][cuts, 2 bytes each][stream]. Whatever the stream is, what is
/// emitted is well-formed, and is the same however the stream is cut.
namespace {

using namespace logboom;
using in_forward::ForwardSession;
using in_forward::Options;
using in_forward::Shared;

void require(bool holds) {
  if (!holds) std::abort();
}

Options options_of(std::uint8_t bits) {
  Options options;
  options.chunk_size_limit.bytes = (bits & 1) != 0 ? 64 : 1 << 20;
  options.decompression_size_limit.bytes = (bits & 2) != 0 ? 300 : 4 << 20;
  if ((bits & 4) != 0) options.source_address_key = "addr";
  if ((bits & 8) != 0) options.source_hostname_key = "log";
  options.deny_keepalive = (bits & 16) != 0;
  if ((bits & 32) != 0) options.add_tag_prefix = "p";
  if ((bits & 64) != 0) options.chunk_size_warn_limit = ByteSize{20};
  return options;
}

/// A span is what the contract says: whole entries, one behind the other, up to its end.
void check_span(const Span& span) {
  const std::uint8_t* at = span.data;
  const std::uint8_t* end = span.data + span.size;
  std::uint32_t events = 0;
  EntryCursor cursor(span);
  for (Event event; cursor.next(event); ++events) {
    require(event.entry.begin() == at);
    require(event.entry.end() == msgpack::skip(at, end));
    require(event.entry.type() == msgpack::Type::array && event.entry.count() == 2);
    require(event.record.value().type() == msgpack::Type::map);
    require(event.record.value().end() == event.entry.end());
    at = event.entry.end();
  }
  require(at == end && events == span.events);
}

struct Outcome {
  std::vector<std::string> events;
  testing::FakeHost::Counts dropped;
  testing::FakeHost::Counts errors;
  bool reset = false;
};

Outcome run(std::string_view stream, std::uint8_t option_bits, const std::vector<std::size_t>& cuts) {
  testing::FakeHost host;
  host.decompress_budget().resize(8 << 20);
  Shared shared(options_of(option_bits), host);
  testing::SessionDriver driver(
      [&](net::Connection& connection) { return std::make_unique<ForwardSession>(connection, shared); });
  driver.feed_cut(stream, cuts);
  driver.end();
  Outcome outcome;
  const auto clock = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t now = std::chrono::floor<std::chrono::seconds>(clock).count();
  for (const Delivery& delivery : driver.connection().deliveries()) {
    std::uint64_t events = 0;
    for (const Span& span : delivery.batch->spans()) {
      check_span(span);
      events += span.events;
    }
    require(events != 0 && events == delivery.batch->events());
    delivery.batch->for_each([&](const Event& event) {
      const bool is_now = event.time.sec > now - 60 && event.time.sec <= now;
      const auto* record = reinterpret_cast<const char*>(event.record.value().begin());
      outcome.events.push_back(cat(delivery.batch->tag().text(), "\n",
                                   is_now ? std::string("now") : testing::time_text(event.time), "\n",
                                   std::string_view(record, event.record.value().size())));
    });
  }
  outcome.dropped = host.dropped_counts();
  outcome.errors = host.error_counts();
  outcome.reset = driver.connection().closed() == net::Close::reset;
  require(shared.budget.in_use() == 0);
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::uint8_t option_bits = data[0];
  const std::size_t count = data[1] % 16U;
  if (size < 2 + 2 * count + 1) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 2 + 2 * count, size - 2 - 2 * count);
  std::vector<std::size_t> cuts;
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    at += logboom::msgpack::load_be(data + 2 + 2 * i, 2) % 1024;
    cuts.push_back(at);
  }
  const Outcome whole = run(stream, option_bits, {});
  const Outcome split = run(stream, option_bits, cuts);
  require(whole.events == split.events);
  require(whole.reset == split.reset);
  if (!whole.reset) require(whole.dropped == split.dropped && whole.errors == split.errors);
  return 0;
}
