#include "servers.hpp"

#include <algorithm>

namespace logboom::out_forward {

Servers::Servers(const Setup& setup, Make make, std::uint32_t seed)
    : setup_(setup), make_(std::move(make)), balancer_(seed) {}

Servers::Place Servers::make_place(const ServerSettings& settings) {
  Place place{make_(settings), nullptr};
  if (setup_.heartbeat != HeartbeatType::none) place.heartbeat = std::make_unique<Heartbeat>(place.server);
  if (place.heartbeat && started_) place.heartbeat->start();
  if (interrupted_) place.server->interrupt();
  if (!looks_up_) place.server->resolver().interrupt();
  return place;
}

/// For each of the settings the place that has them; null where it is to be made.
std::vector<Servers::Place*> Servers::known_places(const std::vector<ServerSettings>& settings) {
  std::vector<Place*> known;
  for (const ServerSettings& wanted : settings) {
    const auto same = [&](const Place& place) {
      return place.server->settings() == wanted && std::find(known.begin(), known.end(), &place) == known.end();
    };
    const auto found = std::find_if(places_.begin(), places_.end(), same);
    known.push_back(found != places_.end() ? &*found : nullptr);
  }
  return known;
}

void Servers::set(const std::vector<ServerSettings>& settings) {
  std::vector<Place> gone;
  {
    const std::lock_guard lock(mutex_);
    const std::vector<Place*> known = known_places(settings);
    std::vector<Place> next(settings.size());
    for (std::size_t i = 0; i < settings.size(); ++i) {
      if (known[i] == nullptr) next[i] = make_place(settings[i]);
    }
    // Nothing fails from here on.
    for (std::size_t i = 0; i < settings.size(); ++i) {
      if (known[i] != nullptr) next[i] = std::exchange(*known[i], {});
    }
    places_.swap(next);
    gone.swap(next);
  }
  for (Place& place : gone) {
    if (!place.server) continue;
    place.server->tidy(true);
    if (!place.heartbeat) continue;
    place.heartbeat->interrupt();
    const std::lock_guard lock(mutex_);
    leaving_.push_back(std::move(place));
  }
}

void Servers::start() {
  const std::lock_guard lock(mutex_);
  started_ = true;
  for (Place& place : places_) {
    if (place.heartbeat) place.heartbeat->start();
  }
}

void Servers::stop() {
  for (const std::shared_ptr<Server>& server : all()) server->tidy(true);
  interrupt();
  std::vector<Place> places;
  std::vector<Place> leaving;
  {
    const std::lock_guard lock(mutex_);
    places.swap(places_);
    leaving.swap(leaving_);
  }
  for (std::vector<Place>* list : {&places, &leaving}) {
    for (Place& place : *list) {
      if (place.heartbeat) place.heartbeat->stop();
    }
  }
}

void Servers::interrupt_lookups() noexcept {
  const std::lock_guard lock(mutex_);
  looks_up_ = false;
  for (const std::vector<Place>* list : {&places_, &leaving_}) {
    for (const Place& place : *list) place.server->resolver().interrupt();
  }
}

std::vector<Candidate> Servers::candidates() const {
  std::vector<Candidate> candidates;
  for (const Place& place : places_) {
    const ServerSettings& settings = place.server->settings();
    candidates.push_back({settings.weight, settings.priority, settings.standby, place.server->is_available()});
  }
  return candidates;
}

std::shared_ptr<Server> Servers::next(const std::vector<std::shared_ptr<Server>>& tried, const std::string& first) {
  const std::lock_guard lock(mutex_);
  const auto is_tried = [&](const std::shared_ptr<Server>& server) {
    return std::find(tried.begin(), tried.end(), server) != tried.end();
  };
  std::vector<bool> excluded;
  for (const Place& place : places_) {
    excluded.push_back(is_tried(place.server));
    if (!first.empty() && !excluded.back() && place.server->settings().title() == first) return place.server;
  }
  std::vector<Candidate> servers = candidates();
  if (const auto chosen = balancer_.next(servers, excluded)) return places_[*chosen].server;
  // As a last resort those that are lost, and standbys that are not needed yet.
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (!excluded[i] && servers[i].weight > 0) return places_[i].server;
  }
  return nullptr;
}

std::vector<std::shared_ptr<Server>> Servers::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Server>> all;
  for (const Place& place : places_) all.push_back(place.server);
  return all;
}

void Servers::tidy() {
  std::vector<std::shared_ptr<Server>> servers;
  std::vector<bool> rotation;
  {
    const std::lock_guard lock(mutex_);
    rotation = in_rotation(candidates());
    for (const Place& place : places_) servers.push_back(place.server);
    std::erase_if(leaving_, [](const Place& place) { return place.heartbeat->has_ended(); });
  }
  for (std::size_t i = 0; i < servers.size(); ++i) {
    servers[i]->look();
    servers[i]->tidy(!rotation[i]);
  }
}

void Servers::interrupt() noexcept {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  for (const std::vector<Place>* list : {&places_, &leaving_}) {
    for (const Place& place : *list) {
      if (place.server) place.server->interrupt();
      if (place.heartbeat) place.heartbeat->interrupt();
    }
  }
}

}  // namespace logboom::out_forward
