#include <cstring>
#include <limits>

#include <logboom/integrity.hpp>

namespace logboom::integrity {

namespace {

constexpr std::size_t head_size = 5;  // length and type
constexpr std::size_t digest_size = sizeof(Digest);
constexpr std::size_t prefix_size = 8;
constexpr std::size_t checkpoint_head_size = 4 * 8;
constexpr std::size_t signature_size = sizeof(Key::Signature);
constexpr std::string_view signed_head = "logboom checkpoint 1\n";

template <class N>
void put(OutBuffer& out, N number) {
  const auto value = static_cast<std::uint64_t>(number);
  for (unsigned i = 0; i < sizeof number; ++i) out.append(static_cast<char>(value >> (8 * i)));
}

void put_text(OutBuffer& out, std::string_view text) {
  text = text.substr(0, std::numeric_limits<std::uint16_t>::max());
  put(out, static_cast<std::uint16_t>(text.size()));
  out.append(text);
}

/// Takes values off the front; `ok` says whether there were enough bytes.
struct Reader {
  std::string_view rest;
  bool ok = true;

  std::string_view bytes(std::size_t count) {
    if (rest.size() < count) {
      ok = false;
      return {};
    }
    const auto out = rest.substr(0, count);
    rest.remove_prefix(count);
    return out;
  }
  template <class N>
  void number(N& out) {
    std::uint64_t value = 0;
    const auto from = bytes(sizeof out);
    for (std::size_t i = from.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(from[i]);
    out = static_cast<N>(value);
  }
  void digest(Digest& out) {
    const auto from = bytes(digest_size);
    if (ok) std::memcpy(out.data(), from.data(), digest_size);
  }
  void text(std::string& out) {
    std::uint16_t size = 0;
    number(size);
    out = bytes(size);
  }
};

std::string_view type_text(const RecordType& type) { return {reinterpret_cast<const char*>(&type), 1}; }

bool is_type(char c) { return c == 'H' || c == 'B' || c == 'C' || c == 'R'; }

}  // namespace

std::string_view take_piece(std::string_view& text) noexcept {
  const auto* const end = static_cast<const char*>(std::memchr(text.data(), '\n', text.size()));
  const std::size_t size = end == nullptr ? text.size() : static_cast<std::size_t>(end - text.data()) + 1;
  const auto piece = text.substr(0, size);
  text.remove_prefix(size);
  return piece;
}

std::optional<Record> record_at(std::string_view chain, std::size_t at) {
  if (at > chain.size()) return std::nullopt;
  Reader in{chain.substr(at)};
  std::uint32_t size = 0;
  in.number(size);
  const auto type = in.bytes(1);
  Record record;
  record.body = in.bytes(size);
  in.digest(record.digest);
  if (!in.ok || !is_type(type[0])) return std::nullopt;
  record.type = static_cast<RecordType>(type[0]);
  record.end = at + head_size + size + digest_size;
  return record;
}

std::optional<Header> Record::header() const {
  Header out;
  Reader in{body};
  in.number(out.sequence);
  in.number(out.created);
  in.number(out.device);
  in.number(out.inode);
  in.number(out.compression);
  in.number(out.base);
  in.digest(out.previous);
  in.digest(out.public_key);
  in.text(out.previous_name);
  in.text(out.stream);
  if (type != RecordType::header || !in.ok || !in.rest.empty()) return std::nullopt;
  return out;
}

std::optional<Block> Record::block() const {
  Block out;
  Reader in{body};
  in.number(out.offset);
  in.number(out.bytes);
  in.number(out.file_bytes);
  in.number(out.pieces);
  in.number(out.time);
  in.digest(out.leaves);
  out.prefixes = in.rest;
  if (type != RecordType::block || !in.ok || in.rest.size() != std::size_t{out.pieces} * prefix_size)
    return std::nullopt;
  return out;
}

std::optional<Checkpoint> Record::checkpoint() const {
  Checkpoint out;
  Reader in{body};
  in.number(out.time);
  in.number(out.text_end);
  in.number(out.file_end);
  in.number(out.pieces);
  out.signature = in.bytes(signature_size);
  if (type != RecordType::checkpoint || !in.ok || !in.rest.empty()) return std::nullopt;
  return out;
}

std::optional<Reopen> Record::reopen() const {
  Reopen out;
  Reader in{body};
  in.number(out.time);
  in.number(out.found);
  in.number(out.text_end);
  in.number(out.pieces);
  in.number(out.torn);
  in.digest(out.leaf);
  in.number(out.next_text);
  in.number(out.next_file);
  if (type != RecordType::reopen || !in.ok || !in.rest.empty()) return std::nullopt;
  return out;
}

Digest Record::digest_after(Sha256& hash, const Digest& before) const {
  return hash.add(view(before)).add(type_text(type)).add(body).finish();
}

std::string Record::signed_text(const Digest& before) const {
  return std::string(signed_head) + std::string(view(before)) + std::string(body.substr(0, checkpoint_head_size));
}

void Builder::record(RecordType type, std::string_view body, OutBuffer& out) {
  put(out, static_cast<std::uint32_t>(body.size()));
  out.append(static_cast<char>(type));
  out.append(body);
  state_.digest = hash_.add(view(state_.digest)).add(type_text(type)).add(body).finish();
  out.append(view(state_.digest));
}

void Builder::start(const Header& header, OutBuffer& out) {
  state_ = {};
  state_.file_end = header.base;
  if (header.compression == 0) state_.text_end = header.base;
  OutBuffer body;
  put(body, header.sequence);
  put(body, header.created);
  put(body, header.device);
  put(body, header.inode);
  put(body, header.compression);
  put(body, header.base);
  body.append(view(header.previous));
  body.append(view(header.public_key));
  put_text(body, header.previous_name);
  put_text(body, header.stream);
  out.append(magic);
  record(RecordType::header, body.text(), out);
}

void Builder::block(std::string_view text, std::uint64_t file_bytes, std::int64_t time, OutBuffer& out) {
  const std::uint64_t size = text.size();
  std::uint32_t count = 0;
  prefixes_.clear();
  for (; !text.empty(); ++count) {
    const Digest leaf = leaf_.add(take_piece(text)).finish();
    hash_.add(view(leaf));
    prefixes_.append(view(leaf).substr(0, prefix_size));
  }
  body_.clear();
  put(body_, state_.text_end);
  put(body_, size);
  put(body_, file_bytes);
  put(body_, count);
  put(body_, time);
  body_.append(view(hash_.finish()));
  body_.append(prefixes_.text());
  state_.text_end += size;
  state_.file_end += file_bytes;
  state_.pieces += count;
  record(RecordType::block, body_.text(), out);
}

void Builder::checkpoint(std::int64_t time, const Key* key, OutBuffer& out) {
  OutBuffer body;
  put(body, time);
  put(body, state_.text_end);
  put(body, state_.file_end);
  put(body, state_.pieces);
  Key::Signature signature{};
  if (key != nullptr)
    signature = key->sign(std::string(signed_head) + std::string(view(state_.digest)) + std::string(body.text()));
  body.append(signature.data(), signature.size());
  record(RecordType::checkpoint, body.text(), out);
}

void Builder::reopen(const Reopen& found, OutBuffer& out) {
  OutBuffer body;
  put(body, found.time);
  put(body, found.found);
  put(body, found.text_end);
  put(body, found.pieces);
  put(body, found.torn);
  body.append(view(found.leaf));
  put(body, found.next_text);
  put(body, found.next_file);
  state_.text_end = found.next_text;
  state_.file_end = found.next_file;
  state_.pieces = found.pieces + (found.torn > 0 ? 1 : 0);
  record(RecordType::reopen, body.text(), out);
}

}  // namespace logboom::integrity
