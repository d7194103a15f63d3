#pragma once

#include <logboom/net.hpp>

#include "events.hpp"
#include "framer.hpp"

namespace logboom::in_syslog {

/// One connection, over TCP or a unix socket.
class StreamSession final : public net::Session {
 public:
  StreamSession(net::Connection& connection, Shared& shared, const Framer::Limits& limits);

  std::size_t on_bytes(const SlabPtr& slab, std::uint8_t* data, std::size_t size) override;
  void on_end(net::End end, std::size_t unconsumed) override;
  void on_timer() override { events_.on_timer(); }
  std::optional<std::string> hand_over() override;
  void take_over(std::string_view state) override;

 private:
  void note_odd_counts(std::uint64_t count);

  net::Connection& connection_;
  Shared& shared_;
  Framer framer_;
  Events events_;
  bool refused_ = false;
};

/// A socket of datagrams, of which each is one message.
class DatagramSession final : public net::DatagramSession {
 public:
  DatagramSession(net::Source& source, Shared& shared, bool on_network)
      : shared_(shared), on_network_(on_network), events_(source, shared, "syslog") {}
  ~DatagramSession() override { events_.end(); }

  void on_datagram(const net::Datagram& datagram) override;
  void on_pause() override;
  void on_timer() override { events_.on_timer(); }

 private:
  bool is_allowed(const net::Datagram& datagram);

  Shared& shared_;
  bool on_network_;
  Events events_;
  EventTime now_;
  bool in_run_ = false;
  std::string address_ = "?";  // of the last sender
  bool allowed_ = true;
  Senders::Clock::time_point known_until_{};  // names may lead elsewhere then
};

}  // namespace logboom::in_syslog
