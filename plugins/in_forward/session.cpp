#include "session.hpp"

#include <logboom/json.hpp>
#include <logboom/session_state.hpp>

#include "payload.hpp"

namespace logboom::in_forward {

namespace {

constexpr std::uint64_t short_connection_messages = 3;
constexpr std::uint64_t state_form = 1;
// What out_forward takes of an answer. Every answer that is owed is kept.
constexpr std::size_t longest_chunk = 4096;

std::string text_of(const Record& record, std::string_view key) {
  const msgpack::Value value = record.find(key);
  return value ? std::string(value.text()) : std::string();
}

std::string printable(std::uint8_t first) {
  switch (msgpack::type_of(first)) {
    case msgpack::Type::integer: return "a number";
    case msgpack::Type::string: return "a string";
    case msgpack::Type::map: return "a map";
    default: return "something else";
  }
}

bool is_json_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

struct ForwardSession::Json {
  JsonFramer framer;
  JsonReader reader;
  OutBuffer made;
  std::size_t looked = 0;  // bytes of the current value that the framer has seen
};

Shared::Shared(Options given, net::Host& host, forward::ServerSecurity rules)
    : options(std::move(given)),
      log(host.log()),
      drops(host),
      malformed(host.errors("malformed")),
      broken_message(host.errors("broken_message")),
      truncated_message(host.errors("truncated_message")),
      invalid_chunk(host.errors("invalid_chunk")),
      bad_compression(host.errors("bad_compression")),
      budget(host.decompress_budget()),
      storms(log) {
  if (options.security) door = std::make_unique<Doorkeeper>(std::move(rules), *options.security, host);
}

ForwardSession::ForwardSession(net::Connection& connection, Shared& shared)
    : connection_(connection),
      shared_(shared),
      collector_(connection, shared.options, shared.drops),
      reader_(collector_, shared.drops, shared.options, *this) {}

ForwardSession::~ForwardSession() = default;

std::size_t ForwardSession::on_bytes(const SlabPtr& slab, std::uint8_t* data, std::size_t size) {
  const std::size_t used =
      handshake_ && !given_up_ ? shake_hands({reinterpret_cast<const char*>(data), size}) : std::size_t{0};
  if (given_up_) return size;
  return handshake_ || used == size ? used : used + read(slab, data + used, size - used);
}

void ForwardSession::on_open() {
  if (!shared_.door) return;
  const std::string& address = connection_.peer_address();
  handshake_ = std::make_unique<forward::HandshakeServer>(
      shared_.door->rules(), address.empty() ? connection_.peer() : address, !shared_.options.deny_keepalive);
  connection_.half_open(true);
  connection_.send(handshake_->helo());
  connection_.set_timer(shared_.door->patience());
}

/// Returns how many bytes were the handshake's.
std::size_t ForwardSession::shake_hands(std::string_view bytes) {
  using Is = forward::HandshakeServer::Step::Is;
  const forward::HandshakeServer::Step step = handshake_->advance(bytes);
  if (step.is == Is::needs_more) return 0;
  connection_.send(step.answer);
  if (step.is == Is::accepted) {
    handshake_.reset();
    connection_.half_open(false);
    return step.used;
  }
  shared_.door->refused(connection_, step);
  close_when_answered();
  return bytes.size();
}

/// The first byte says which of the two languages is spoken for good.
void ForwardSession::begin(std::uint8_t first) {
  begun_ = true;
  if (first != '{' && first != '[') return;
  if (shared_.door) return give_up(shared_.malformed, "JSON is not spoken where there is a <security>");
  json_ = std::make_unique<Json>();
}

std::size_t ForwardSession::read(const SlabPtr& slab, std::uint8_t* data, std::size_t size) {
  if (!begun_) begin(*data);
  if (given_up_) return size;
  const std::size_t used =
      json_ ? read_json(reinterpret_cast<const char*>(data), size) : reader_.read(slab, data, size);
  if (reader_.trouble() == Reader::Trouble::malformed) {
    give_up(shared_.malformed, json_ ? "malformed message" : "malformed msgpack");
  } else if (reader_.trouble() == Reader::Trouble::compression) {
    give_up(shared_.bad_compression, "the compressed payload can't be read");
  } else if (!reader_.in_carrier()) {
    collector_.flush();
  }
  if (collector_.invalid() != 0) {
    warn_once(
        "skip invalid event: a tag must be text, a time a number or EventTime, a record a map; further ones are only "
        "counted");
  }
  tell_what_is_held();
  return given_up_ ? size : used;
}

void ForwardSession::tell_what_is_held() {
  const std::size_t held = reader_.held() + acks_.bytes();
  if (held != held_) connection_.holds(held_ = held);
}

bool ForwardSession::message_end(const MessageEnd& message) {
  ++messages_;
  const Options& options = shared_.options;
  if (message.too_large || (options.chunk_size_warn_limit && message.bytes > options.chunk_size_warn_limit->bytes)) {
    shared_.log.warn(
        cat("forward: ", connection_.peer(), ": a message of ", message.bytes, " bytes ",
            message.too_large ? "is beyond chunk_size_limit and was dropped" : "is beyond chunk_size_warn_limit"));
  }
  const bool asks = wants_answer(message.option.chunk);
  if (asks) owe_answer(message.option.chunk, message.mode);
  if (message.mode != MessageEnd::Mode::message || (!asks && acks_.count() != 0)) collector_.flush();
  if (!options.deny_keepalive) return !pausing_;
  collector_.flush();
  close_when_answered();
  return false;
}

bool ForwardSession::wants_answer(const msgpack::Value& chunk) {
  if (!chunk) return false;
  if (chunk.size() <= longest_chunk) return true;
  shared_.invalid_chunk.add();
  warn_once(cat("a chunk id of ", chunk.size(), " bytes: messages with more than ", longest_chunk,
                " are kept and not answered; further ones are only counted"));
  return false;
}

/// Nothing more is read; what is owed is still sent.
void ForwardSession::close_when_answered() {
  given_up_ = true;
  closing_ = true;
  if (acks_.empty()) connection_.close(net::Close::finish);
}

std::string ForwardSession::answer_to(const msgpack::Value& chunk) const {
  OutBuffer answer;
  if (json_) {
    answer.append("{\"ack\":");
    append_json(answer, chunk);
    answer.append("}");
  } else {
    msgpack::Writer writer(answer);
    writer.map(1);
    writer.string("ack");
    writer.value(chunk);
  }
  return std::string(answer.text());
}

/// A message that can be told from others goes on alone, so that buffers see which one it is.
void ForwardSession::owe_answer(const msgpack::Value& chunk, MessageEnd::Mode mode) {
  if (!has_asked()) {
    connection_.prompt();
    if (mode == MessageEnd::Mode::message) remember_container();
  }
  const EventBatch* batch = collector_.gathered();
  const bool alone = batch != nullptr && (mode != MessageEnd::Mode::message || batch->events() == 1);
  const MessageIds::Name name =
      alone ? shared_.ids.name(connection_.peer_address(), chunk, *batch) : MessageIds::Name();
  collector_.receipt(connection_.receipt(acks_.expect(answer_to(chunk), name)));
  if (name.id) collector_.flush(name.id);
}

void ForwardSession::remember_container() {
  const Span run = collector_.last_run();
  if (run.events != 1) return;
  Event event;
  EntryCursor cursor(run);
  if (!cursor.next(event)) return;
  const std::string id = text_of(event.record, "container_id");
  if (id.empty()) return;
  const std::string name = text_of(event.record, "container_name");
  container_ = cat(name.empty() ? std::string_view("without a name") : std::string_view(name), " (",
                   std::string_view(id).substr(0, 12), ")");
}

void ForwardSession::on_receipt(std::uint64_t token, bool confirmed) {
  if (!confirmed) {
    if (!std::exchange(failed_, true)) {
      shared_.log.warn(
          cat("forward: ", connection_.peer(),
              ": a message could not be made safe; closing the connection without an ack, so that it is sent again"));
    }
    acks_.fail(token);
    tell_what_is_held();
    return close_when_answered();
  }
  acks_.settle(token);
  send_acks();
}

void ForwardSession::send_acks() {
  std::chrono::microseconds wait{};
  while (const auto answer = acks_.next(Acks::Clock::now(), wait)) {
    if (answer->name.content && connection_.peer_finished()) late_.push_back(answer->name);
    connection_.send(answer->text);
  }
  tell_what_is_held();
  if (wait.count() != 0) connection_.set_timer(wait);
  if (closing_ && acks_.empty()) connection_.close(net::Close::finish);
}

void ForwardSession::not_a_message(std::uint8_t first) {
  shared_.broken_message.add();
  const bool http = first == 'G' || first == 'P' || first == 'H' || first == 'D' || first == 'O';
  warn_once(cat("incoming chunk is broken: a message must be an array, not ", printable(first),
                http && messages_ == 0 ? " (does something speak HTTP to this port?)" : ""));
}

/// One line a connection, whatever else is wrong with it: the counters have the rest.
void ForwardSession::warn_once(std::string_view what) {
  if (std::exchange(warned_, true)) return;
  shared_.log.warn(cat("forward: ", connection_.peer(), ": ", what));
}

void ForwardSession::give_up(Counter& counter, std::string_view why) {
  if (std::exchange(given_up_, true)) return;
  counter.add();
  warn_once(cat(why, "; the connection is reset, nothing of this message was kept"));
  connection_.close(net::Close::reset);
}

bool ForwardSession::decompress(const MessageOption& option, std::vector<Bytes>& payload) {
  const PayloadResult result =
      read_compressed(payload, option.compressed, shared_.options.decompression_size_limit.bytes, shared_.budget,
                      collector_, shared_.drops);
  if (result.ok) return true;
  warn_once(cat("compressed payload: ", result.why));
  return false;
}

std::size_t ForwardSession::read_json(const char* data, std::size_t size) {
  std::size_t used = 0;
  while (!given_up_) {
    while (json_->looked == 0 && used < size && is_json_space(data[used])) ++used;
    const auto frame = json_->framer.advance(data + used + json_->looked, size - used - json_->looked);
    json_->looked += frame.used;
    if (frame.scan == msgpack::Scan::malformed) {
      give_up(shared_.malformed, "malformed JSON: a message must be an array");
      break;
    }
    if (frame.scan == msgpack::Scan::incomplete) {
      check_json_size();
      break;
    }
    if (!check_json_size()) break;
    const std::string_view text(data + used, std::exchange(json_->looked, 0));
    used += text.size();
    if (!read_json_value(text)) break;
  }
  return used;
}

/// Whether an answer is wanted is not known before the end, so that a larger message ends the connection.
bool ForwardSession::check_json_size() {
  if (json_->looked <= shared_.options.chunk_size_limit.bytes) return true;
  shared_.drops.too_large.add();
  give_up(shared_.malformed, "a JSON message is beyond chunk_size_limit");
  return false;
}

/// The value as msgpack goes the way of every other message.
bool ForwardSession::read_json_value(std::string_view text) {
  json_->made.clear();
  JsonError error;
  if (!json_->reader.read(text, json_->made, error)) {
    give_up(shared_.malformed, cat("malformed JSON at byte ", error.offset, " of the message: ", error.message));
    return false;
  }
  Bytes made = Bytes::copy_of(json_->made.text());
  reader_.read(made.slab(), made.slab()->data(), made.size());
  return reader_.trouble() == Reader::Trouble::none;
}

void ForwardSession::on_timer() {
  if (!handshake_) return send_acks();
  if (std::exchange(given_up_, true)) return;
  shared_.door->too_slow(connection_);
  connection_.close(net::Close::reset);
}

bool ForwardSession::pause() {
  pausing_ = true;
  return given_up_ || !reader_.has_consumed_part();
}

void ForwardSession::go_on() {
  pausing_ = false;
  reader_.go_on();
}

std::optional<std::string> ForwardSession::hand_over() {
  if (given_up_ || handshake_ || reader_.has_consumed_part()) return std::nullopt;
  StateWriter state;
  state.put(state_form);
  state.put(begun_ ? json_ ? 2U : 1U : 0U);
  state.put(has_asked() ? 1U : 0U);
  state.put(warned_ ? 1U : 0U);
  state.put(messages_);
  state.put(container_);
  return state.take();
}

/// A state that is not understood is none: the next byte then says again what is spoken.
void ForwardSession::take_over(std::string_view state) {
  StateReader in(state);
  if (in.number() != state_form) return;
  const std::uint64_t begun = in.number();
  begun_ = begun != 0;
  if (begun == 2) json_ = std::make_unique<Json>();
  asked_before_ = in.number() != 0;
  warned_ = in.number() != 0;
  messages_ = in.number();
  container_ = in.text();
  if (asked_before_) connection_.prompt();
}

void ForwardSession::on_end(net::End end, std::size_t unconsumed) {
  if (handshake_) {
    if (!given_up_ && unconsumed != 0 && end != net::End::shutdown) shared_.door->gone(connection_);
    return;
  }
  const bool truncated = !given_up_ && (unconsumed != 0 || reader_.mid_message());
  if (truncated) {
    shared_.truncated_message.add();
    shared_.log.info(
        cat("forward: ", connection_.peer(), ": the connection ended in the middle of a message, which is not kept"));
  }
  collector_.abandon();
  acks_.for_each_unanswered([this](const MessageIds::Name& name) { shared_.ids.unanswered(name); });
  if (end == net::End::refused) {
    for (const MessageIds::Name& name : late_) shared_.ids.unanswered(name);
  }
  if (!container_.empty() && messages_ <= short_connection_messages) {
    shared_.storms.short_connection(container_, StormWatch::Clock::now());
  }
}

}  // namespace logboom::in_forward
