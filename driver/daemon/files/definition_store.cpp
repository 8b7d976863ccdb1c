// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/files/definition_store.hpp"

#include <algorithm>
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

#include "driver/daemon/files/atomic_file.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::size_t kMaxBytes = 4U << 20;
constexpr std::string_view kSuffix = ".xml";

// Not translated: whoever opens the file may not be who wrote it, and "--" may not stand in a comment of XML.
std::string header(const std::string& name) {
  const bool fits = name.find("--") == std::string::npos && name.back() != '-' && name.front() != '-';
  return "<!--\nTHIS IS AN AUTO-GENERATED FILE. What you change here is lost when virtsevd writes it again. "
         "Use:\n  virsh edit " +
         (fits ? name : std::string("DOMAIN")) + "\n-->\n\n";
}

// What an atomic write leaves behind when its process is killed: NAME.xml.XXXXXX.
bool is_left_over(const std::string& file) {
  constexpr std::size_t kRandomPart = 7;
  return file.size() > kSuffix.size() + kRandomPart &&
         file.compare(file.size() - kRandomPart - kSuffix.size(), kSuffix.size() + 1, ".xml.") == 0;
}

}  // namespace

std::vector<StoredDefinition> DefinitionStore::load() const {
  std::vector<StoredDefinition> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(layout_.definitions, error)) {
    const std::string file = entry.path().filename().string();
    if (is_left_over(file)) {
      std::filesystem::remove(entry.path(), error);
      continue;
    }
    if (file.size() <= kSuffix.size() || file.front() == '.' || !file.ends_with(kSuffix)) {
      continue;
    }
    StoredDefinition stored;
    stored.name = file.substr(0, file.size() - kSuffix.size());
    auto content = read_file(entry.path().string(), kMaxBytes);
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

void DefinitionStore::remove(const std::string& name) const {
  remove_file(layout_.autostart_link(name), Durable::kNo);
  remove_file(layout_.definition(name), Durable::kYes);
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

}  // namespace virtsev::daemon
