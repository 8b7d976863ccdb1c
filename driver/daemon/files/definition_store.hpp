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

  /// Sweeps first what an earlier daemon left: half-written files, and autostart links of no domain.
  [[nodiscard]] std::vector<StoredDefinition> load() const;
  /// Writes the definition with a header that warns whoever opens the file. Throws Error(kSystemError); the
  /// old one stays then.
  void save(const std::string& name, const std::string& xml) const;
  /// The same for a domain that is new: without an autostart link, whatever an earlier domain of this name
  /// left.
  void add(const std::string& name, const std::string& xml) const;
  /// Removes the definition, then its autostart link: one that stays is harmless, and is logged. Throws
  /// Error(kSystemError) where the definition stays.
  void remove(const std::string& name) const;
  /// The definition and its autostart link under another name. Throws Error(kSystemError); all is as it was
  /// then.
  void rename(const std::string& old_name, const std::string& name, const std::string& xml,
              bool autostart) const;
  /// Makes or removes the link autostart/NAME.xml.
  void set_autostart(const std::string& name, bool on) const;

  /// Whether the definition of the first was written after that of the second.
  [[nodiscard]] bool is_newer(const std::string& first, const std::string& second) const;

 private:
  void sweep_autostart_links() const;

  const Layout& layout_;
};

}  // namespace virtsev::daemon
