#include <logboom/access_log.hpp>

#include <algorithm>
#include <cstring>

namespace logboom {
namespace {

/// A place in the line; each step is false where the line is not plain.
class Scanner {
 public:
  explicit Scanner(std::string_view line) noexcept : at_(line.data()), end_(line.data() + line.size()) {}

  bool done() const noexcept { return at_ == end_; }
  bool take(char c) noexcept {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  /// What is before the next `stop`, which is taken too.
  bool until(char stop, std::string_view& out) noexcept {
    if (at_ == end_) return false;
    const char* const found = static_cast<const char*>(std::memchr(at_, stop, static_cast<std::size_t>(end_ - at_)));
    if (found == nullptr) return false;
    out = {at_, static_cast<std::size_t>(found - at_)};
    at_ = found + 1;
    return true;
  }
  /// What is before the next blank, or the end.
  std::string_view word() noexcept {
    const char* const begin = at_;
    const char* const found =
        at_ == end_ ? nullptr : static_cast<const char*>(std::memchr(at_, ' ', static_cast<std::size_t>(end_ - at_)));
    at_ = found == nullptr ? end_ : found;
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }

 private:
  const char* at_;
  const char* end_;
};

bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

/// `GET /path HTTP/1.1`: a path goes up to the last run of blanks, all that there is where there is none.
bool scan_request(std::string_view request, AccessLine& out) noexcept {
  if (request.empty() || request.front() == ' ' || has_control(request)) return false;
  const std::size_t blank = request.find(' ');
  out.method = request.substr(0, blank);
  out.path.reset();
  if (blank == std::string_view::npos) return false;  // the quote could belong to the method
  const std::size_t path = request.find_first_not_of(' ', blank);
  if (path == std::string_view::npos) {
    out.path.emplace(request.substr(request.size()));
    return true;
  }
  request.remove_prefix(path);
  const std::size_t last = request.rfind(' ');
  std::size_t length = last == std::string_view::npos ? request.size() : last;
  while (length > 0 && last != std::string_view::npos && request[length - 1] == ' ') --length;
  out.path = request.substr(0, length);
  return true;
}

/// A text in quotes. One whose quote has a backslash before it may go on, where the server writes such quotes.
bool scan_quoted(Scanner& in, AccessServer server, std::string_view& out) noexcept {
  return in.take('"') && in.until('"', out) && (server == AccessServer::nginx || !out.ends_with('\\'));
}

bool scan_forwarded(Scanner& in, AccessLine& out) noexcept {
  if (!in.take(' ')) return false;
  const std::string_view word = in.word();
  out.forwarded_for = word;
  return !word.empty() && in.done() && !has_control(word);
}

}  // namespace

bool scan_access_line(std::string_view line, AccessServer server, AccessLine& out) noexcept {
  if (line.find('\n') != std::string_view::npos) return false;  // ^ and $ match at each line's ends
  Scanner in(line);
  std::string_view request, referer, agent;
  if (!in.until(' ', out.remote) || !in.until(' ', out.host) || !in.until(' ', out.user)) return false;
  if (!in.take('[') || !in.until(']', out.time) || !in.take(' ')) return false;
  if (!in.take('"') || !in.until('"', request) || !in.take(' ')) return false;
  if (server == AccessServer::apache && request.ends_with('\\')) return false;
  if (!scan_request(request, out) || !in.until(' ', out.code)) return false;
  out.size = in.word();
  out.referer.reset();
  out.agent.reset();
  out.forwarded_for.reset();
  if (in.done()) return true;
  if (!in.take(' ') || !scan_quoted(in, server, referer)) return false;
  if (!in.take(' ') || !scan_quoted(in, server, agent)) return false;
  out.referer = referer;
  out.agent = agent;
  return in.done() || (server == AccessServer::nginx && scan_forwarded(in, out));
}

}  // namespace logboom
