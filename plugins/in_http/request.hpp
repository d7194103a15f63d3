#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logboom::in_http {

/// Whatever the case of ASCII letters.
bool same_word(std::string_view a, std::string_view b) noexcept;

struct Request {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool keep_alive = false;

  /// Of several headers of one name the last; empty where there is none. `name` in any case.
  std::string_view header(std::string_view name) const noexcept;
};

/// Finds requests in a stream of bytes (HTTP/1.0 and 1.1, RFC 9112), however it is cut. What two readers could take
/// for different things – two lengths, a length and chunks, another transfer coding – is bad, so that nothing can be
/// smuggled past a proxy.
class RequestReader {
 public:
  enum class Status : std::uint8_t { incomplete, complete, bad, header_too_large, body_too_large };

  explicit RequestReader(std::uint64_t body_limit);
  ~RequestReader();

  /// Takes what can be taken; `used` says how much. After `complete` call `take`; after anything bad the stream can't
  /// be read any further.
  Status read(const char* data, std::size_t size, std::size_t& used);
  /// The value of the Expect header of a request whose body is still to come; once for each.
  std::string take_expectation();
  Request take();
  /// Why it is bad.
  const std::string& error() const noexcept { return error_; }

 private:
  struct Impl;
  Status fail(std::string why);
  bool check_header();

  std::uint64_t body_limit_;
  std::unique_ptr<Impl> impl_;
  std::string error_;
};

}  // namespace logboom::in_http
