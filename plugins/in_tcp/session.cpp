#include "session.hpp"

#include <algorithm>

namespace logboom::in_tcp {

TcpSession::TcpSession(net::Connection& connection, Shared& shared, std::unique_ptr<Parser> parser, Extractor extractor)
    : shared_(shared),
      events_(connection, std::move(parser), std::move(extractor), shared.counts,
              {shared.options.tag, shared.options.emit_unmatched_lines, cat("tcp: ", connection.peer())}) {
  const Options& options = shared.options;
  if (options.security && !shared.allowed.contains(connection.peer_address())) {
    refused_ = true;
    shared.refused.add();
    shared.counts.log.warn(cat("tcp: ", connection.peer(), ": no <client> of <security> allows this address"));
    connection.close(net::Close::reset);
    return;
  }
  std::vector<std::pair<std::string, std::string>> fields;
  if (!options.source_address_key.empty()) fields.emplace_back(options.source_address_key, connection.peer_address());
  if (!options.source_hostname_key.empty()) fields.emplace_back(options.source_hostname_key, connection.peer_host());
  events_.set_fields(std::move(fields));
}

std::size_t TcpSession::on_bytes(const SlabPtr&, std::uint8_t* data, std::size_t size) {
  if (refused_) return size;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::string_view delimiter = shared_.options.delimiter;
  const EventTime now = time_now();
  std::size_t begin = 0;
  std::size_t from = looked_;
  for (std::size_t at = 0; (at = all.find(delimiter, from)) != std::string_view::npos;) {
    message(all.substr(begin, at - begin), now);
    begin = from = at + delimiter.size();
  }
  const std::size_t left = size - begin;
  const std::size_t tail = std::min(left, delimiter.size() - 1);  // a delimiter may have begun in it
  if (skipping_ || left > shared_.options.message_length_limit.bytes) {
    if (!std::exchange(skipping_, true)) shared_.too_long.add();
    begin = size - tail;
  }
  looked_ = size - begin - tail;
  events_.flush();
  return begin;
}

void TcpSession::message(std::string_view text, const EventTime& now) {
  if (std::exchange(skipping_, false)) return;
  if (text.size() > shared_.options.message_length_limit.bytes) return shared_.too_long.add();
  events_.add(text, now);
}

void TcpSession::on_end(net::End, std::size_t unconsumed) {
  if (unconsumed != 0 && !skipping_ && !refused_) shared_.unterminated.add();
}

}  // namespace logboom::in_tcp
