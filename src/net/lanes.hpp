#pragma once

#include <cstdint>
#include <span>

struct epoll_event;

namespace logboom::net {

/// The plain sockets of one worker, in two sets of readiness. `prompt` is looked at as soon as anything in it is ready.
/// `gathered` may be left alone for a while: it hangs behind a one-shot gate, so that what becomes ready meanwhile does
/// not wake the worker, and one look then finds many sockets with more to read in each.
///
/// Threads: the worker's only.
class Lanes {
 public:
  enum class Lane : std::uint8_t { prompt, gathered };

  Lanes();
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  /// Throws std::system_error (the system's limit of watched files).
  void add(int fd, void* owner, Lane lane, bool read, bool write);
  void change(int fd, void* owner, Lane lane, bool read, bool write);
  void remove(int fd, Lane lane) noexcept;

  /// Readable while something in the prompt lane is ready, or something in the gathered one and the gate is open.
  int fd() const noexcept { return gate_; }
  struct Report {
    bool prompt = false;
    bool gathered = false;
  };
  /// Which lanes the gate lets through. Once it has reported the gathered lane it is shut, until `open_gate`.
  Report look();
  void open_gate();
  /// What is ready in a lane, without waiting.
  std::span<const epoll_event> ready(Lane lane, std::span<epoll_event> space) const;

 private:
  int set_of(Lane lane) const noexcept { return lane == Lane::prompt ? prompt_ : gathered_; }
  int prompt_ = -1;
  int gathered_ = -1;
  int gate_ = -1;
};

}  // namespace logboom::net
