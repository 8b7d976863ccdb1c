// SPDX-License-Identifier: LGPL-2.1-or-later
// Connections that have opened nothing yet: whose they are, and which has to go where there are too many. So
// whoever connects and says nothing is in nobody's way but his own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include <sys/types.h>

namespace virtsev::rpc {

/// How many strangers one user may have on one socket.
struct StrangerShare {
  std::size_t most;  ///< From there on the oldest goes for the newest, if it is older than `patience`; and,
                     ///< from four times as many on, however old it is
  std::chrono::milliseconds patience;  ///< Whoever means to open something has done so by then
};

/// Of one listening socket. Ids only ever grow.
class Strangers {
 public:
  using Clock = std::chrono::steady_clock;

  void add(std::uint64_t id, uid_t user, Clock::time_point now) {
    all_.emplace(id, Stranger{user, now});
    of_users_[user].insert(id);
  }

  /// It has opened, or is gone.
  void remove(std::uint64_t id) {
    const auto found = all_.find(id);
    if (found == all_.end()) {
      return;
    }
    const auto own = of_users_.find(found->second.user);
    own->second.erase(id);
    if (own->second.empty()) {
      of_users_.erase(own);
    }
    all_.erase(found);
  }

  [[nodiscard]] std::size_t size() const { return all_.size(); }

  /// The user's oldest, where he has more than his share.
  [[nodiscard]] std::optional<std::uint64_t> beyond_share(uid_t user, const StrangerShare& share,
                                                          Clock::time_point now) const {
    const auto own = of_users_.find(user);
    if (own == of_users_.end() || own->second.size() <= share.most) {
      return std::nullopt;
    }
    const std::uint64_t oldest = *own->second.begin();
    const bool may_go = all_.at(oldest).since + share.patience <= now || own->second.size() > 4 * share.most;
    return may_go ? std::optional(oldest) : std::nullopt;
  }

  struct Candidate {
    std::uint64_t id;
    Clock::time_point since;
  };
  /// Who goes first where nobody else would be let in: the oldest of the user who has the most.
  [[nodiscard]] std::optional<Candidate> first_to_go() const {
    const std::set<std::uint64_t>* most = nullptr;
    for (const auto& [user, own] : of_users_) {
      most = most == nullptr || own.size() > most->size() ? &own : most;
    }
    if (most == nullptr) {
      return std::nullopt;
    }
    return Candidate{*most->begin(), all_.at(*most->begin()).since};
  }

 private:
  struct Stranger {
    uid_t user;
    Clock::time_point since;
  };
  std::map<std::uint64_t, Stranger> all_;
  std::map<uid_t, std::set<std::uint64_t>> of_users_;  ///< No entry is empty
};

}  // namespace virtsev::rpc
