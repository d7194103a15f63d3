#pragma once

#include <functional>
#include <memory>

#include <logboom/net.hpp>

#include "net/worker_source.hpp"

namespace logboom::net {

/// One task on its worker.
class TaskSource final : public WorkerSource {
 public:
  TaskSource(Worker& worker, std::shared_ptr<Emitter> emitter, std::string name, const Host::TaskFactory& make)
      : WorkerSource(worker, std::move(emitter), std::move(name)), make_(make) {}

  void open() override;
  std::size_t on_ready(std::uint32_t) override { return 0; }
  void on_settled(std::uint64_t token, bool confirmed) override;
  void on_timer() override;
  void shut_down() override;
  void cut() override;
  void failed(std::string_view why) override;
  void freeze(bool on) override;
  bool quiet() const override { return !held_; }

 private:
  void resume() override;
  void check_end();

  Host::TaskFactory make_;
  std::unique_ptr<Task> task_;
  bool timer_due_ = false;  // while it was held
  bool ended_ = false;
};

}  // namespace logboom::net
