#pragma once

#include <memory>

#include "base/tls_stream.hpp"
#include "net/connection.hpp"
#include "net/resident.hpp"
#include "net/tls_failure.hpp"

namespace logboom::net {

/// A socket on its worker until client and server have agreed on TLS; then a StreamConnection goes on with it. One that
/// does not speak TLS, is refused, or takes too long, is closed.
class TlsHandshake final : public Resident {
 public:
  TlsHandshake(Worker& worker, std::shared_ptr<StreamGroup> group, int fd, PeerName peer, std::uint64_t id);
  ~TlsHandshake() override;

  std::uint64_t id() const noexcept override { return id_; }
  void open() override;
  std::size_t on_ready(std::uint32_t events) override;
  void on_settled(std::uint64_t, bool) override {}
  void on_timer() override;
  void evict() override;
  void shut_down() override { cut(); }
  void cut() override;
  bool outlived() const noexcept override { return emitter_->standing() >= Emitter::Standing::orphaned; }
  void failed(std::string_view why) override;

 private:
  enum class State : std::uint8_t { first_bytes, shaking, leaving, over };

  bool begins_with_tls();
  void step();
  void become_connection();
  void refuse(const TlsFailure& failure);
  void reset();
  void leave();
  void watch(bool write);

  Worker& worker_;
  std::shared_ptr<StreamGroup> group_;
  std::shared_ptr<Emitter> emitter_;
  int fd_;
  PeerName peer_;
  std::uint64_t id_;
  std::shared_ptr<const void> half_open_;
  std::shared_ptr<TlsStream> stream_;
  State state_ = State::first_bytes;
  bool watched_ = false;
  bool watching_write_ = false;
};

}  // namespace logboom::net
