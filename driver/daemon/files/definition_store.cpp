// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/files/definition_store.hpp"

#include <algorithm>
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

#include "domain-xml/limits.hpp"
#include "driver/daemon/base/log.hpp"
#include "driver/daemon/files/atomic_file.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::string_view kSuffix = ".xml";

// Not translated: whoever opens the file may not be who wrote it, and "--" may not stand in a comment of XML.
std::string header(const std::string& name) {
  const bool fits = name.find("--") == std::string::npos && name.back() != '-' && name.front() != '-';
  return "<!--\nTHIS IS AN AUTO-GENERATED FILE. What you change here is lost when virtsevd writes it again. "
         "Use:\n  virsh edit " +
         (fits ? name : std::string("DOMAIN")) + "\n-->\n\n";
}

}  // namespace

// A link whose definition is gone says nothing any more.
void DefinitionStore::sweep_autostart_links() const {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(layout_.autostart, error)) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(kSuffix) || !entry.is_symlink(error)) {
      continue;
    }
    const std::string name = file.substr(0, file.size() - kSuffix.size());
    const auto definition = std::filesystem::symlink_status(layout_.definition(name), error);
    if (definition.type() == std::filesystem::file_type::not_found) {
      log_warning(text("'{}' is removed: there is no such domain any more", entry.path().string()));
      std::filesystem::remove(entry.path(), error);
    }
  }
}

std::vector<StoredDefinition> DefinitionStore::load() const {
  remove_left_overs(layout_.definitions, std::string(kSuffix));
  sweep_autostart_links();
  std::vector<StoredDefinition> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(layout_.definitions, error)) {
    const std::string file = entry.path().filename().string();
    if (file.size() <= kSuffix.size() || file.front() == '.' || !file.ends_with(kSuffix)) {
      continue;
    }
    StoredDefinition stored;
    stored.name = file.substr(0, file.size() - kSuffix.size());
    auto content = read_file(entry.path().string(), domain_xml::kMaxDocumentBytes);
    if (content) {
      stored.xml = std::move(*content);
    } else {
      stored.problem = error_text(content.error());
    }
    stored.autostart = std::filesystem::is_symlink(layout_.autostart_link(stored.name), error);
    found.push_back(std::move(stored));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return found;
}

void DefinitionStore::save(const std::string& name, const std::string& xml) const {
  write_atomically(layout_.definition(name), header(name) + xml, Durable::kYes);
}

void DefinitionStore::add(const std::string& name, const std::string& xml) const {
  remove_file(layout_.autostart_link(name), Durable::kYes);
  save(name, xml);
}

void DefinitionStore::remove(const std::string& name) const {
  remove_file(layout_.definition(name), Durable::kYes);
  try {
    remove_file(layout_.autostart_link(name), Durable::kNo);
  } catch (const Error& error) {
    log_warning(error.what());
  }
}

void DefinitionStore::rename(const std::string& old_name, const std::string& name, const std::string& xml,
                             bool autostart) const {
  try {
    // The new file first: at no moment is there none.
    add(name, xml);
    if (autostart) {
      set_autostart(name, true);
    }
    remove(old_name);
  } catch (const Error&) {
    for (const std::string& path : {layout_.autostart_link(name), layout_.definition(name)}) {
      if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        log_warning(text("'{}' is left over from a rename that failed: {}", path, error_text(errno)));
      }
    }
    throw;
  }
}

void DefinitionStore::set_autostart(const std::string& name, bool on) const {
  const std::string link = layout_.autostart_link(name);
  if (!on) {
    remove_file(link, Durable::kYes);
    return;
  }
  if (::symlink(layout_.definition(name).c_str(), link.c_str()) != 0 && errno != EEXIST) {
    throw Error(ErrorCode::kSystemError,
                text("cannot create the autostart link '{}': {}", link, error_text(errno)));
  }
  sync_directory(layout_.autostart);
}

bool DefinitionStore::is_newer(const std::string& first, const std::string& second) const {
  std::error_code error;  // A file that is gone is older than any
  return std::filesystem::last_write_time(layout_.definition(first), error) >
         std::filesystem::last_write_time(layout_.definition(second), error);
}

}  // namespace virtsev::daemon
