#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <logboom/compress.hpp>
#include <logboom/net.hpp>

#include "base/tls_stream.hpp"
#include "net/lanes.hpp"
#include "net/worker.hpp"
#include "record/emitter.hpp"

namespace logboom::net {

class Admission;
class TlsFailures;
struct HandedConnection;
struct TlsGroup;

struct PeerName {
  std::string full;                         // with the port
  std::string address;                      // without
  std::string host;                         // resolved, or the address
  std::shared_ptr<const void> admission{};  // counts among its listener's connections as long as somebody has it
};

/// What the connections of one listener, or those that one plugin brings, have in common. They keep it alive, and their
/// emitter keeps alive what the sessions are made of.
struct StreamGroup {
  StreamListen options;
  Host::SessionFactory sessions;
  std::string key;       // a ListenerKey; empty where it has none
  bool adopted = false;  // descriptors that a plugin opened, perhaps no sockets
  EmitterSource emitter;
  InputOwner owner;
  std::shared_ptr<Admission> admission;   // null for what a plugin brings
  DecompressBudget* memory = nullptr;     // beside it: what all connections may hold together
  std::shared_ptr<TlsGroup> tls;          // where the listener speaks TLS
  std::shared_ptr<TlsFailures> failures;  // where it does not, and a client does
  Counter accepted;
  Counter bytes;
  Counter reads;
  Gauge open;
};

/// One stream on its worker, a socket or a pipe, perhaps with TLS: reads into the worker's slab, hands the bytes to the
/// session, keeps what was not consumed, and does what the session asks for.
class StreamConnection final : public Connection, public Resident, public Flow {
 public:
  /// `tls`: the socket's, after the handshake; null: plaintext.
  StreamConnection(Worker& worker, std::shared_ptr<StreamGroup> group, int fd, PeerName peer, std::uint64_t id,
                   std::shared_ptr<TlsStream> tls = nullptr);
  ~StreamConnection() override;

  std::uint64_t id() const noexcept override { return id_; }
  /// Makes the session and starts to read.
  void open() override;
  std::size_t on_ready(std::uint32_t events) override;
  void on_settled(std::uint64_t token, bool confirmed) override;
  void on_timer() override;
  void evict() override;
  void on_sweep(Worker::Clock::time_point now) override;
  void shut_down() override;
  void cut() override;
  bool outlived() const noexcept override {
    return emitter_->standing() >= (group_.adopted ? Emitter::Standing::inherited : Emitter::Standing::orphaned);
  }
  void failed(std::string_view why) override;
  void freeze(bool on) override;
  bool quiet() const override;
  void hand_over(Handover& to) override;
  /// Before `open`: goes on with a connection of another process.
  void inherit(HandedConnection handed);

  const std::string& peer() const override { return peer_.full; }
  const std::string& peer_address() const override { return peer_.address; }
  const std::string& peer_host() const override { return peer_.host; }
  Tag tag(std::string_view text) override { return emitter_->tag(text); }
  SlabPool& slabs() override { return worker_.slabs(); }
  void emit(Delivery delivery) override { emitter_->emit(std::move(delivery), *this); }
  bool held() const override { return held_; }
  Receipt receipt(std::uint64_t token) override { return worker_.receipt(id_, token); }
  void send(std::string_view bytes) override;
  void set_timer(std::chrono::microseconds after) override;
  bool peer_finished() override;
  void prompt() override;
  void half_open(bool on) override;
  void holds(std::size_t bytes) override { session_holds_ = bytes; }
  void close(Close how) override;

  void hold() override;
  void go_on() override;

 private:
  enum class State : std::uint8_t { open, finishing, dead };

  std::ptrdiff_t receive(std::uint8_t* data, std::size_t size);
  std::ptrdiff_t transmit(const char* data, std::size_t size);
  bool refuse_tls(const std::uint8_t* data, std::size_t size);
  void read_on();
  std::size_t read_once();
  std::size_t read_small();
  std::size_t read_large();
  std::size_t consume(const SlabPtr& slab, std::uint8_t* data, std::size_t size);
  void consume_kept();
  std::string kept() const;
  bool can_be_handed(const Handover& to) const;
  void on_no_bytes(std::ptrdiff_t result);
  void keep(const std::uint8_t* data, std::size_t size);
  std::size_t unconsumed() const noexcept;
  void drain();
  void flush_outbox();
  void after_call();
  void start_to_finish();
  void check_finished();
  bool was_refused(End reason) const;
  void update_interest();
  void end(End reason, Close how);
  bool may_read() const noexcept;
  void weigh();
  bool may_be_idle() const;

  Worker& worker_;
  std::shared_ptr<StreamGroup> keep_group_;
  StreamGroup& group_;
  std::shared_ptr<Emitter> emitter_;
  int fd_;
  bool is_socket_;
  bool looked_ = false;   // at its first bytes
  bool read_on_ = false;  // is on its way
  std::shared_ptr<TlsStream> tls_;
  PeerName peer_;
  std::uint64_t id_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<HandedConnection> inherited_;  // until it is open

  std::unique_ptr<std::uint8_t[]> small_;  // a residue that waits for its rest
  std::uint32_t small_size_ = 0;
  SlabPtr large_;  // a message too large for that: the connection's own slab
  std::size_t large_begin_ = 0;
  std::size_t large_end_ = 0;

  std::size_t session_holds_ = 0;
  std::optional<DecompressBudget::Share> memory_;  // what it holds, where that is counted

  std::shared_ptr<const void> half_open_;  // while the peer has yet to show who it is
  Worker::Clock::time_point quiet_since_ = Worker::Clock::now();
  bool heard_ = false;   // since the last sweep
  bool spoken_ = false;  // has ever brought something

  std::string outbox_;
  State state_ = State::open;
  Lanes::Lane lane_ = Lanes::Lane::gathered;
  bool watched_ = false;
  bool watching_read_ = false;
  bool watching_write_ = false;
  bool held_ = false;
  bool in_call_ = false;
  bool choked_ = false;  // the peer does not read its answers
  bool close_wanted_ = false;
  bool frozen_ = false;
  bool kept_waits_ = false;  // what is unconsumed is to come again when it is no longer held
  bool pausing_ = false;     // on its way to the end of a message, while it is frozen
  bool peer_done_ = false;   // the peer has shut its sending side
  bool shutting_down_ = false;
  bool write_shut_ = false;
  bool told_late_ = false;       // something was, or is to be, sent after the peer's end
  std::uint64_t confirmed_ = 0;  // by the peer's system, of what was sent before that
  Close close_how_ = Close::finish;
  Worker::Clock::time_point finish_by_{};
};

}  // namespace logboom::net
