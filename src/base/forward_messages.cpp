#include <logboom/forward_handshake.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

#include <logboom/msgpack.hpp>

namespace logboom::forward {

namespace {

using msgpack::Value;

constexpr std::size_t longest_shown = 128;

/// Walks over the elements of an array or a map.
class Elements {
 public:
  explicit Elements(const Value& parent) : at_(parent.children()), end_(parent.end()) {}
  Value next() {
    const std::uint8_t* begin = at_;
    at_ = msgpack::skip(begin, end_);
    return {begin, at_};
  }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

/// The message's one array, if it has this size and begins with this word.
bool open_message(std::string_view message, std::string_view word, std::uint32_t size, Value& array) {
  std::size_t whole = 0;
  if (scan_message(message, whole) != HandshakeScan::complete || whole != message.size()) return false;
  const auto* data = reinterpret_cast<const std::uint8_t*>(message.data());
  array = Value(data, data + message.size());
  return array.type() == msgpack::Type::array && array.count() == size && Elements(array).next().text() == word;
}

bool take_text(Elements& elements, std::string& out) {
  const Value value = elements.next();
  if (!value.is_text()) return false;
  out = value.text();
  return true;
}

std::string text_of(const OutBuffer& out) { return std::string(out.text()); }

}  // namespace

HandshakeScan scan_message(std::string_view bytes, std::size_t& size) noexcept {
  if (bytes.empty()) return HandshakeScan::incomplete;
  const std::string_view looked = bytes.substr(0, longest_handshake_message);
  const auto* data = reinterpret_cast<const std::uint8_t*>(looked.data());
  const std::uint8_t* at = data;
  msgpack::Skipper skipper;
  skipper.start();
  switch (skipper.advance(at, data + looked.size())) {
    case msgpack::Scan::complete: size = static_cast<std::size_t>(at - data); return HandshakeScan::complete;
    case msgpack::Scan::incomplete:
      return looked.size() == longest_handshake_message ? HandshakeScan::malformed : HandshakeScan::incomplete;
    default: return HandshakeScan::malformed;
  }
}

std::string write_message(const Helo& helo) {
  OutBuffer out;
  msgpack::Writer writer(out);
  writer.array(2);
  writer.string("HELO");
  writer.map(3);
  writer.string("nonce");
  writer.binary(helo.nonce);
  writer.string("auth");
  if (helo.auth.empty()) {
    writer.string("");
  } else {
    writer.binary(helo.auth);
  }
  writer.string("keepalive");
  writer.boolean(helo.keepalive);
  return text_of(out);
}

std::string write_message(const Ping& ping) {
  OutBuffer out;
  msgpack::Writer writer(out);
  writer.array(6);
  writer.string("PING");
  writer.string(ping.hostname);
  writer.binary(ping.salt);
  writer.string(ping.digest);
  writer.string(ping.user);
  writer.string(ping.password_digest);
  return text_of(out);
}

std::string write_message(const Pong& pong) {
  OutBuffer out;
  msgpack::Writer writer(out);
  writer.array(5);
  writer.string("PONG");
  writer.boolean(pong.accepted);
  writer.string(pong.reason);
  writer.string(pong.hostname);
  writer.string(pong.digest);
  return text_of(out);
}

bool read_message(std::string_view message, Helo& out) {
  Value array;
  if (!open_message(message, "HELO", 2, array)) return false;
  Elements elements(array);
  elements.next();
  const Value map = elements.next();
  if (map.type() != msgpack::Type::map) return false;
  Elements pairs(map);
  for (std::uint32_t left = map.count(); left > 0; --left) {
    const std::string_view key = pairs.next().text();
    const Value value = pairs.next();
    const bool salt = key == "nonce" || key == "auth";
    if (salt && !value.is_text() && value.type() != msgpack::Type::nil) return false;
    if (key == "nonce") out.nonce = value.text();
    if (key == "auth") out.auth = value.text();
    if (key == "keepalive") out.keepalive = value.truthy();
  }
  return !out.nonce.empty();
}

bool read_message(std::string_view message, Ping& out) {
  Value array;
  if (!open_message(message, "PING", 6, array)) return false;
  Elements elements(array);
  elements.next();
  return take_text(elements, out.hostname) && take_text(elements, out.salt) && take_text(elements, out.digest) &&
         take_text(elements, out.user) && take_text(elements, out.password_digest);
}

bool read_message(std::string_view message, Pong& out) {
  Value array;
  if (!open_message(message, "PONG", 5, array)) return false;
  Elements elements(array);
  elements.next();
  const Value accepted = elements.next();
  if (accepted.type() != msgpack::Type::boolean) return false;
  out.accepted = accepted.truthy();
  return take_text(elements, out.reason) && take_text(elements, out.hostname) && take_text(elements, out.digest);
}

std::string hex_digest(std::initializer_list<std::string_view> parts) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context(::EVP_MD_CTX_new(), ::EVP_MD_CTX_free);
  bool done = context && ::EVP_DigestInit_ex(context.get(), ::EVP_sha512(), nullptr) == 1;
  for (const std::string_view part : parts) {
    done = done && ::EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  done = done && ::EVP_DigestFinal_ex(context.get(), digest.data(), &size) == 1;
  if (!done) throw std::runtime_error("OpenSSL can't compute SHA-512");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += digits[digest[i] >> 4];
    out += digits[digest[i] & 15];
  }
  return out;
}

bool same_secret(std::string_view one, std::string_view other) noexcept {
  return one.size() == other.size() && ::CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  if (::RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1) {
    throw std::runtime_error("the system has no random bytes");
  }
  return out;
}

std::string shown(std::string_view text) {
  std::string out(text.substr(0, longest_shown));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  if (text.size() > longest_shown) out += "...";
  return out;
}

}  // namespace logboom::forward
