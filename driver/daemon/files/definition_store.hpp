// SPDX-License-Identifier: LGPL-2.1-or-later
// The definitions of persistent domains on disk, one file each, and which of them start with the host.
#pragma once

#include <string>
#include <vector>

#include "driver/daemon/files/layout.hpp"

namespace virtsev::daemon {

/// A stored file as it was found.
struct StoredDefinition {
  std::string name;     ///< From the file's name
  std::string xml;      ///< Empty where it can't be read
  std::string problem;  ///< Why it can't be read; empty: it was
  bool autostart = false;
};

/// All calls wait for the disk: worker pool, but for load() before anything runs.
class DefinitionStore {
 public:
  explicit DefinitionStore(const Layout& layout) : layout_(layout) {}

  [[nodiscard]] std::vector<StoredDefinition> load() const;
  /// Writes the definition with a header that warns whoever opens the file. Throws Error(kSystemError); the
  /// old one stays then.
  void save(const std::string& name, const std::string& xml) const;
  /// Removes the definition and its autostart link.
  void remove(const std::string& name) const;
  /// Makes or removes the link autostart/NAME.xml.
  void set_autostart(const std::string& name, bool on) const;

 private:
  const Layout& layout_;
};

}  // namespace virtsev::daemon
