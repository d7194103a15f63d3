#include "request.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <optional>

namespace logboom::in_http {

namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t longest_header = 64 * 1024;
/// Of chunks: "0", and two line ends. The parser must not be given less (Boost 1.74 asserts it).
constexpr std::size_t shortest_end = 5;

/// A body that takes memory for what has come, not for what was announced.
struct GrowingBody {
  using value_type = std::string;
  class reader {
   public:
    template <bool IsRequest, class Fields>
    reader(http::header<IsRequest, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>&, boost::system::error_code& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::system::error_code& error) {
      std::size_t size = 0;
      for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers);
           ++at) {
        const boost::asio::const_buffer part = *at;
        body_.append(static_cast<const char*>(part.data()), part.size());
        size += part.size();
      }
      error = {};
      return size;
    }
    void finish(boost::system::error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

std::string_view view(boost::beast::string_view text) noexcept { return {text.data(), text.size()}; }

}  // namespace

bool same_word(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view Request::header(std::string_view name) const noexcept {
  const auto found =
      std::find_if(headers.rbegin(), headers.rend(), [&](const auto& h) { return same_word(h.first, name); });
  return found == headers.rend() ? std::string_view() : std::string_view(found->second);
}

struct RequestReader::Impl {
  std::optional<http::request_parser<GrowingBody>> parser;
  bool checked = false;
  bool expectation_taken = false;
};

RequestReader::RequestReader(std::uint64_t body_limit) : body_limit_(body_limit), impl_(std::make_unique<Impl>()) {}
RequestReader::~RequestReader() = default;

RequestReader::Status RequestReader::read(const char* data, std::size_t size, std::size_t& used) {
  used = 0;
  if (!impl_->parser) {
    impl_->parser.emplace();
    impl_->parser->eager(true);
    impl_->parser->header_limit(longest_header);
    impl_->parser->body_limit(body_limit_);
    impl_->checked = impl_->expectation_taken = false;
  }
  auto& parser = *impl_->parser;
  while (!parser.is_done()) {
    if (parser.is_header_done() && parser.chunked() && size - used < shortest_end) return Status::incomplete;
    boost::system::error_code error;
    const std::size_t count = parser.put(boost::asio::buffer(data + used, size - used), error);
    used += count;
    if (error == http::error::header_limit) return Status::header_too_large;
    if (error == http::error::body_limit) return Status::body_too_large;
    if (error && error != http::error::need_more) return fail(error.message());
    if (parser.is_header_done() && !impl_->checked && !check_header()) return Status::bad;
    if (error == http::error::need_more || (count == 0 && !parser.is_done())) return Status::incomplete;
    if (used == size && !parser.is_done()) return Status::incomplete;
  }
  return Status::complete;
}

bool RequestReader::check_header() {
  impl_->checked = true;
  const auto& header = impl_->parser->get();
  const std::size_t codings = header.count(http::field::transfer_encoding);
  if (codings > 1 || (codings == 1 && !same_word(view(header[http::field::transfer_encoding]), "chunked"))) {
    fail("unknown transfer coding");
    return false;
  }
  if (codings == 1 && (header.count(http::field::content_length) != 0 || header.version() < 11)) {
    fail("ambiguous length");
    return false;
  }
  return true;
}

RequestReader::Status RequestReader::fail(std::string why) {
  error_ = std::move(why);
  return Status::bad;
}

std::string RequestReader::take_expectation() {
  if (!impl_->parser || !impl_->parser->is_header_done() || impl_->parser->is_done()) return {};
  if (std::exchange(impl_->expectation_taken, true)) return {};
  return std::string(view(impl_->parser->get()[http::field::expect]));
}

Request RequestReader::take() {
  Request request;
  request.keep_alive = impl_->parser->keep_alive();
  auto message = impl_->parser->release();
  request.method = std::string(view(message.method_string()));
  request.target = std::string(view(message.target()));
  for (const auto& field : message) {
    request.headers.emplace_back(std::string(view(field.name_string())), std::string(view(field.value())));
  }
  request.body = std::move(message.body());
  impl_->parser.reset();
  return request;
}

}  // namespace logboom::in_http
