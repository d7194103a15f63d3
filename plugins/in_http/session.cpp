#include "session.hpp"

#include <algorithm>

namespace logboom::in_http {

namespace {

/// As many as may wait for their answers; a client that sends more meanwhile gets no answer to them.
constexpr std::size_t most_owed = 1024;
constexpr std::chrono::seconds discard_for{2};
constexpr std::string_view unknown_expectation = "the only expectation known is 100-continue";

/// One transparent pixel (GIF89a).
constexpr char pixel[] =
    "GIF89a\x01\x00\x01\x00\x80\x00\x00"  // screen, two colours
    "\xff\xff\xff\x00\x00\x00"            // the colours
    "!\xf9\x04\x01\x00\x00\x00\x00"       // the first one is transparent
    ",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00;";
constexpr std::string_view empty_gif(pixel, sizeof pixel - 1);

std::string_view reason_of(unsigned status) {
  switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
  }
}

}  // namespace

HttpSession::HttpSession(net::Connection& connection, Shared& shared)
    : connection_(connection),
      shared_(shared),
      reader_(shared.options.body_size_limit.bytes),
      events_(connection, shared.options, shared.extractor, shared.parsers, shared.bad_time) {
  connection_.prompt();
  connection_.set_timer(std::chrono::ceil<std::chrono::microseconds>(shared.options.keepalive_timeout));
}

std::size_t HttpSession::on_bytes(const SlabPtr&, std::uint8_t* data, std::size_t size) {
  last_bytes_ = Clock::now();
  const char* const bytes = reinterpret_cast<const char*>(data);
  std::size_t at = 0;
  while (at != size && !discarding_ && (in_request_ || !pausing_)) {
    std::size_t used = 0;
    const RequestReader::Status status = reader_.read(bytes + at, size - at, used);
    at += used;
    in_request_ = status == RequestReader::Status::incomplete && (in_request_ || used != 0);
    switch (status) {
      case RequestReader::Status::complete: handle(reader_.take()); continue;
      case RequestReader::Status::incomplete: check_expectation(); return discarding_ ? size : at;
      case RequestReader::Status::bad: give_up(400, reader_.error()); break;
      case RequestReader::Status::header_too_large: give_up(431, "the header is too large"); break;
      case RequestReader::Status::body_too_large: give_up(413, "the body is beyond body_size_limit"); break;
    }
  }
  return discarding_ ? size : at;
}

void HttpSession::check_expectation() {
  const std::string expected = reader_.take_expectation();
  if (expected.empty()) return;
  if (!same_word(expected, "100-continue")) return give_up(417, unknown_expectation);
  continue_owed_ = true;
  send_answers();
}

void HttpSession::handle(Request request) {
  const std::string_view expected = request.header("expect");
  if (!expected.empty() && !same_word(expected, "100-continue")) return give_up(417, unknown_expectation);
  continue_owed_ = false;
  Owed& owed = owed_.emplace_back();
  owed.keep_alive = request.keep_alive && owed_.size() < most_owed;
  owed.head = request.method == "HEAD";
  if (!owed.keep_alive) discarding_ = true;
  const std::string_view origin = request.header("origin");
  if (request.method == "OPTIONS") {
    preflight(request);
  } else if (!shared_.options.cors_allow_origins.empty() && !allows_origin(origin)) {
    refuse({403, "", "text/plain", "the origin is none of cors_allow_origins\n"});
  } else {
    owed.cors = cors_headers(origin);
    take_events(request);
  }
  send_answers();
}

void HttpSession::take_events(Request& request) {
  Answer error;
  if (!decompress(request, error)) return refuse(std::move(error));
  const RequestEvents::Result result = events_.read(request, connection_.peer_address());
  if (result != RequestEvents::Result::good) {
    const unsigned status = result == RequestEvents::Result::bad ? 400 : 415;
    return refuse({status, "", "text/plain", cat(status, " ", reason_of(status), "\n", events_.error(), "\n")});
  }
  if (events_.count() == 0) return answer(owed_.back(), success());
  const std::uint64_t token = first_token_ + owed_.size() - 1;
  events_.emit(connection_.receipt(token));
}

bool HttpSession::decompress(Request& request, Answer& error) {
  const std::string_view coding = request.header("content-encoding");
  if (coding.empty() || same_word(coding, "identity")) return true;
  const bool gzip = same_word(coding, "gzip") || same_word(coding, "x-gzip");
  if (!gzip && !same_word(coding, "deflate")) {
    error = {415, "", "text/plain", "415 Unsupported Media Type\ncontent-encoding must be gzip or deflate\n"};
    return false;
  }
  std::string plain;
  DecompressBudget::Share share(shared_.budget);
  const std::string_view input[] = {request.body};
  const DecompressSink sink = [&plain](std::string_view piece) {
    plain.append(piece);
    return true;
  };
  const std::uint64_t limit = shared_.options.body_size_limit.bytes;
  const DecompressStatus status =
      gzip ? decompress_gzip(input, limit, share, sink) : decompress_zlib(input, limit, share, sink);
  if (status != DecompressStatus::ok) {
    error.status = status == DecompressStatus::over_limit ? 413 : status == DecompressStatus::over_budget ? 503 : 400;
    error.body = cat(error.status, " ", reason_of(error.status), "\nthe compressed body: ", to_text(status), "\n");
    return false;
  }
  request.body = std::move(plain);
  return true;
}

HttpSession::Answer HttpSession::success() const {
  if (shared_.options.respond_with_empty_img) return {200, "", "image/gif", std::string(empty_gif)};
  if (shared_.options.use_204_response) return {204, "", "", ""};
  return {};
}

void HttpSession::preflight(const Request& request) {
  const Options& options = shared_.options;
  const std::string_view origin = request.header("origin");
  if (options.cors_allow_origins.empty() || request.header("access-control-request-method").empty() ||
      !allows_origin(origin)) {
    return refuse({403, "", "text/plain", ""});
  }
  Answer yes;
  yes.headers = cat("Access-Control-Allow-Methods: POST\r\nAccess-Control-Allow-Headers: ",
                    request.header("access-control-request-headers"), "\r\n");
  owed_.back().cors = cors_headers(origin);
  answer(owed_.back(), yes);
}

bool HttpSession::allows_origin(std::string_view origin) const {
  return std::any_of(shared_.options.cors_allow_origins.begin(), shared_.options.cors_allow_origins.end(),
                     [origin](std::string_view allowed) {
                       if (allowed == "*") return true;
                       const std::size_t star = allowed.find('*');
                       if (star == std::string_view::npos) return origin == allowed;
                       return origin.size() >= allowed.size() - 1 && origin.starts_with(allowed.substr(0, star)) &&
                              origin.ends_with(allowed.substr(star + 1));
                     });
}

std::string HttpSession::cors_headers(std::string_view origin) const {
  const Options& options = shared_.options;
  const auto& allowed = options.cors_allow_origins;
  if (allowed.empty()) return {};
  if (std::find(allowed.begin(), allowed.end(), "*") != allowed.end()) return "Access-Control-Allow-Origin: *\r\n";
  return cat("Access-Control-Allow-Origin: ", origin, "\r\n",
             options.cors_allow_credentials ? "Access-Control-Allow-Credentials: true\r\n" : "");
}

void HttpSession::answer(Owed& owed, const Answer& answer) {
  std::string& out = owed.answer;
  out = cat("HTTP/1.1 ", answer.status, " ", reason_of(answer.status), "\r\n");
  if (!answer.type.empty()) out += "Content-Type: " + answer.type + "\r\n";
  out += owed.keep_alive ? "Connection: Keep-Alive\r\n" : "Connection: close\r\n";
  if (answer.status != 204) out += cat("Content-Length: ", answer.body.size(), "\r\n");
  out += owed.cors + answer.headers + "\r\n";
  if (!owed.head) out += answer.body;
}

void HttpSession::refuse(Answer refusal) {
  shared_.refused.add();
  std::uint64_t suppressed = 0;
  if (shared_.options.dump_error_log && shared_.limiter.due(suppressed)) {
    std::string why = refusal.body.substr(0, refusal.body.empty() ? 0 : refusal.body.size() - 1);
    std::replace(why.begin(), why.end(), '\n', ':');
    shared_.log.warn(cat("http: ", connection_.peer(), ": request refused: ", refusal.status, " ", why,
                         suppressed != 0 ? cat(" (and ", suppressed, " before)") : std::string()));
  }
  answer(owed_.back(), refusal);
}

/// What follows can't be read.
void HttpSession::give_up(unsigned status, std::string_view why) {
  discarding_ = broken_ = true;
  continue_owed_ = false;
  Owed& owed = owed_.emplace_back();
  owed.keep_alive = false;
  refuse({status, "", "text/plain", cat(status, " ", reason_of(status), "\n", why, "\n")});
  send_answers();
}

void HttpSession::on_receipt(std::uint64_t token, bool confirmed) {
  Owed& owed = owed_.at(token - first_token_);
  if (confirmed) {
    answer(owed, success());
  } else {
    answer(owed, {500, "", "text/plain", "500 Internal Server Error\nthe events could not be made safe\n"});
  }
  send_answers();
}

void HttpSession::send_answers() {
  for (; !owed_.empty() && !owed_.front().answer.empty(); owed_.pop_front(), ++first_token_) {
    connection_.send(owed_.front().answer);
  }
  if (!owed_.empty()) return;
  if (std::exchange(continue_owed_, false)) connection_.send("HTTP/1.1 100 Continue\r\n\r\n");
  if (!discarding_) return;
  // A client that is still sending must have the chance to read the answer.
  broken_ ? connection_.set_timer(discard_for) : connection_.close(net::Close::finish);
}

void HttpSession::on_timer() {
  if (discarding_ && owed_.empty()) return connection_.close(net::Close::finish);
  const auto left = last_bytes_ + shared_.options.keepalive_timeout - Clock::now();
  if (left <= Clock::duration::zero() && owed_.empty()) return connection_.close(net::Close::finish);
  connection_.set_timer(
      std::max(std::chrono::ceil<std::chrono::microseconds>(left), std::chrono::microseconds(100'000)));
}

}  // namespace logboom::in_http
