#pragma once

#include <memory>
#include <string>

#include <logboom/net.hpp>

#include "net/bind.hpp"
#include "net/worker_source.hpp"

namespace logboom::net {

/// What a listener of datagrams counts, and how its sockets are made. Outlives them.
struct DatagramGroup {
  DatagramListen options;
  Host::DatagramFactory sessions;
  Counter datagrams;
  Counter bytes;
  Counter reads;
  Counter kernel_dropped;
};

/// One socket of datagrams on its worker: reads many with one call, and hands them to the session one by one.
class DatagramSocket final : public WorkerSource {
 public:
  /// `unix_path`: of the socket's file, which is removed at the end.
  DatagramSocket(Worker& worker, Emitter& emitter, DatagramGroup& group, Fd fd, std::string name,
                 std::string unix_path);
  ~DatagramSocket() override;

  void open() override;
  std::size_t on_ready(std::uint32_t events) override;
  void on_settled(std::uint64_t token, bool confirmed) override;
  void on_timer() override;
  void shut_down() override;
  void cut() override;
  void failed(std::string_view why) override;

 private:
  struct Space;  // what one system call receives into

  void resume() override;
  std::size_t read_some(int rounds);
  int receive(std::size_t& bytes);
  void after_call();
  void watch(bool wanted);
  void drain();

  DatagramGroup& group_;
  Fd fd_;
  std::string unix_path_;
  std::unique_ptr<Space> space_;
  std::unique_ptr<DatagramSession> session_;
  bool watched_ = false;
  bool timer_due_ = false;  // while it was held
  bool ended_ = false;
};

/// Makes the bound socket of `options`, and says in `where` where it listens. Throws std::runtime_error.
Fd bind_datagrams(const DatagramListen& options, std::string& where);

}  // namespace logboom::net
