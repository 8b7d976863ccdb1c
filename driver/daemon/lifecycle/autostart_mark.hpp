// SPDX-License-Identifier: LGPL-2.1-or-later
// run/sev/autostarted: which domains have had their start in this boot of the host. A virtsevd that dies
// among these starts leaves the rest of them to the next one.
#pragma once

#include <set>
#include <string>

#include "domain-xml/domain_definition.hpp"

namespace virtsev::daemon {

/// In the file: the boot's id, and, as long as starts are under way, lines "begun" and the UUID of each
/// domain that has had its own.
class AutostartMark {
 public:
  /// `boot_id`: of this boot; what the file says of another one does not count.
  AutostartMark(std::string path, std::string boot_id);

  /// All starts of this boot are done: nothing that is marked now starts by itself any more.
  [[nodiscard]] bool over() const { return over_; }
  [[nodiscard]] bool done(const domain_xml::Uuid& domain) const { return done_.contains(domain); }
  /// It was started, or could not be.
  void set_done(const domain_xml::Uuid& domain);
  void set_over();

 private:
  void write() const;

  std::string path_, boot_id_;
  bool over_ = false;
  std::set<domain_xml::Uuid> done_;
};

}  // namespace virtsev::daemon
