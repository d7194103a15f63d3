#pragma once

#include <atomic>
#include <memory>
#include <string>

#include <logboom/net.hpp>

#include "net/bind.hpp"
#include "net/passed_sockets.hpp"
#include "net/worker_source.hpp"

namespace logboom::net {

/// A socket that is bound, and may pass from one input to another. The last one to leave it closes it, and removes its
/// file.
class BoundSocket {
 public:
  BoundSocket(Fd fd, std::string name, std::string unix_path, std::uint16_t port)
      : fd_(std::move(fd)), name_(std::move(name)), unix_path_(std::move(unix_path)), port_(port) {}
  /// One that somebody else has bound.
  explicit BoundSocket(PassedSocket passed);
  ~BoundSocket();
  int fd() const noexcept { return fd_.get(); }
  /// "udp://127.0.0.1:514"
  const std::string& name() const noexcept { return name_; }
  /// The same socket for another process, which will have the path too.
  PassedSocket duplicate(const std::string& input_id) const;
  /// It is this process's from now on; one that was passed may still be another's before.
  void begin() noexcept { borrowed_ = false; }
  /// Another process has it, and its path.
  void give_away() noexcept { unix_path_.clear(); }
  /// How many more the kernel has dropped by now than when this was asked last. Any thread.
  std::uint32_t more_dropped(std::uint32_t so_far) noexcept;
  bool has_port(std::uint16_t port) const noexcept { return port_ != 0 && port_ == port; }
  /// Another socket of this port takes its place: what has come can still be read, and nothing more comes.
  void retire() noexcept;

 private:
  Fd fd_;
  std::string name_;
  std::string unix_path_;
  std::uint16_t port_;
  bool borrowed_ = false;
  bool managed_ = false;  // by a service manager, which calls it this:
  std::string managed_name_;
  std::atomic<std::uint32_t> dropped_{0};
};

/// What a listener of datagrams counts, and how its sockets are made. They keep it alive.
struct DatagramGroup {
  DatagramListen options;
  Host::DatagramFactory sessions;
  std::string key;  // a ListenerKey
  Counter datagrams;
  Counter bytes;
  Counter reads;
  Counter kernel_dropped;
};

/// One socket of datagrams on its worker: reads many with one call, and hands them to the session one by one.
class DatagramSocket final : public WorkerSource {
 public:
  DatagramSocket(Worker& worker, std::shared_ptr<Emitter> emitter, std::shared_ptr<DatagramGroup> group,
                 std::shared_ptr<BoundSocket> bound, std::string name);
  ~DatagramSocket() override;

  void open() override;
  std::size_t on_ready(std::uint32_t events) override;
  void on_settled(std::uint64_t token, bool confirmed) override;
  void on_timer() override;
  void shut_down() override;
  void cut() override;
  void failed(std::string_view why) override;
  void freeze(bool on) override;
  bool quiet() const override { return !held_ && !(session_ && session_->waiting()); }
  void hand_over(Handover& to) override;

 private:
  struct Space;  // what one system call receives into

  void resume() override;
  std::size_t read_some(int rounds);
  void count_dropped();
  int receive(std::size_t& bytes);
  void after_call();
  void watch(bool wanted);
  void drain();

  std::shared_ptr<DatagramGroup> keep_group_;
  DatagramGroup& group_;
  std::shared_ptr<BoundSocket> bound_;
  Fd fd_;  // the same socket: an epoll set has each descriptor once
  std::unique_ptr<Space> space_;
  std::unique_ptr<DatagramSession> session_;
  bool watched_ = false;
  bool timer_due_ = false;  // while it was held
  bool ended_ = false;
};

std::shared_ptr<BoundSocket> use_passed(const DatagramListen& options, PassedSocket passed);
/// Makes the bound socket of `options`. Throws std::runtime_error. `beside`: as bind_port has it.
std::shared_ptr<BoundSocket> bind_datagrams(const DatagramListen& options, bool beside = false);

}  // namespace logboom::net
