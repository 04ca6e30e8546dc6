#include "tests/support/service_load.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <random>
#include <stdexcept>
#include <utility>

namespace outrider::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kRetryInterval = 20ms;
constexpr std::size_t kUsersPerPerson = 50;

}  // namespace

/// One client, with the users and orders that it made.
class ServiceLoad::Person {
 public:
  Person(ServiceLoad& load, int number)
      : load_(load),
        random_(std::random_device{}()),
        number_(number),
        users_(load.services_.users().port()),
        orders_(load.services_.orders().port()) {}

  void work() {
    while (!load_.stopping_ && load_.accepted_ < load_.options_.events) {
      load_.keep_pace();
      act();
    }
  }

 private:
  struct User {
    std::string id;
    int emails = 0;
  };

  void act() {
    if (load_.options_.orders_only) return place_order(new_id());
    const auto chance = random_() % 100;
    if (mine_.empty() || (chance < 15 && mine_.size() < kUsersPerPerson)) return create_user();
    if (chance < 35) return change_email(mine_[random_() % mine_.size()]);
    if (chance < 60 && !open_orders_.empty()) return cancel_order();
    place_order(mine_[random_() % mine_.size()].id);
  }

  void create_user() {
    const std::string id = new_id();
    // An order may come before its user.
    if (random_() % 2 == 0) place_order(id);
    const nlohmann::json user = {
        {"id", id}, {"name", fmt::format("person {}", number_)}, {"email", email_of(0)}};
    if (ask(users_, "POST", "/users", user)) mine_.push_back({.id = id});
  }

  void change_email(User& user) {
    ask(users_, "PATCH", "/users/" + user.id + "/email", {{"email", email_of(++user.emails)}});
  }

  void place_order(const std::string& customer) {
    const std::string id = new_id();
    const nlohmann::json order = {
        {"id", id}, {"customerId", customer}, {"product", "tea"}, {"quantity", 1 + random_() % 9}};
    const auto begin = std::chrono::steady_clock::now();
    if (!ask(orders_, "POST", "/orders", order)) return;
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    load_.note_order(id, took.count());
    open_orders_.push_back(id);
  }

  void cancel_order() {
    const std::size_t which = random_() % open_orders_.size();
    ask(orders_, "POST", "/orders/" + open_orders_[which] + "/cancel", nullptr);
    open_orders_.erase(open_orders_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  /// Until it is answered; false if the load ended before.
  bool ask(HttpClient& client, const std::string& method, const std::string& path,
           const nlohmann::json& body) {
    while (true) {
      const HttpReply reply =
          client.call(method, path, body.is_null() ? std::string() : body.dump());
      if (reply.is_success()) {
        ++load_.accepted_;
        return true;
      }
      if (reply.status != 0 && reply.status != 503) {
        throw std::runtime_error(
            fmt::format("{} {}: {} {}", method, path, reply.status, reply.body.dump()));
      }
      if (load_.stopping_) return false;
      std::this_thread::sleep_for(kRetryInterval);
    }
  }

  std::string email_of(int change) const {
    return fmt::format("person{}.{}@example.org", number_, change);
  }

  /// A UUID of random bits (version 4).
  std::string new_id() {
    return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", random_() & 0xFFFF'FFFF,
                       random_() & 0xFFFF, random_() & 0xFFF, random_() & 0xFFF,
                       random_() & 0xFFFF'FFFF'FFFF);
  }

  ServiceLoad& load_;
  std::mt19937_64 random_;
  const int number_;
  HttpClient users_;
  HttpClient orders_;
  std::vector<User> mine_;
  std::vector<std::string> open_orders_;
};

ServiceLoad::ServiceLoad(SampleServices& services, Options options)
    : services_(services), options_(options), working_(options.clients) {
  for (int number = 1; number <= options_.clients; ++number) {
    clients_.emplace_back([this, number] {
      try {
        Person(*this, number).work();
      } catch (const std::runtime_error& error) {
        const std::scoped_lock lock(mutex_);
        refused_ = error.what();
        stopping_ = true;
      }
      --working_;
    });
  }
}

ServiceLoad::~ServiceLoad() { stopping_ = true; }

void ServiceLoad::finish() {
  for (std::jthread& client : clients_) {
    if (client.joinable()) client.join();
  }
  if (!refused_.empty()) throw std::runtime_error("a service refused: " + refused_);
}

void ServiceLoad::stop() {
  stopping_ = true;
  finish();
}

std::vector<std::string> ServiceLoad::accepted_orders() const {
  const std::scoped_lock lock(mutex_);
  return accepted_orders_;
}

std::vector<double> ServiceLoad::order_milliseconds() const {
  const std::scoped_lock lock(mutex_);
  return order_milliseconds_;
}

void ServiceLoad::note_order(const std::string& id, double milliseconds) {
  const std::scoped_lock lock(mutex_);
  accepted_orders_.push_back(id);
  order_milliseconds_.push_back(milliseconds);
}

void ServiceLoad::keep_pace() const {
  if (options_.events_per_second <= 0) return;
  const std::chrono::duration<double> due(static_cast<double>(accepted_) /
                                          options_.events_per_second);
  std::this_thread::sleep_until(
      begin_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(due));
}

}  // namespace outrider::testing
