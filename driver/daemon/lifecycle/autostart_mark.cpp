// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/lifecycle/autostart_mark.hpp"

#include <sstream>

#include "driver/daemon/base/log.hpp"
#include "driver/daemon/files/atomic_file.hpp"
#include "driver/daemon/files/read_file.hpp"
#include "sevcore/base/error.hpp"

namespace virtsev::daemon {
namespace {

constexpr const char* kBegun = "begun";
constexpr std::size_t kMaxBytes = 4U << 20;

}  // namespace

AutostartMark::AutostartMark(std::string path, std::string boot_id)
    : path_(std::move(path)), boot_id_(std::move(boot_id)) {
  const auto content = read_file(path_, kMaxBytes);
  std::istringstream lines(content ? *content : std::string());
  std::string line;
  if (!std::getline(lines, line) || line != boot_id_) {
    return;
  }
  over_ = !std::getline(lines, line) || line != kBegun;
  while (!over_ && std::getline(lines, line)) {
    if (const auto uuid = domain_xml::parse_uuid(line)) {
      done_.insert(*uuid);
    }
  }
}

void AutostartMark::set_done(const domain_xml::Uuid& domain) {
  done_.insert(domain);
  write();
}

void AutostartMark::set_over() {
  over_ = true;
  write();
}

// A failure is logged: the worst that comes of it is a second start of what its owner has ended since.
void AutostartMark::write() const {
  std::string content = boot_id_;
  if (!over_) {
    content += std::string("\n") + kBegun + "\n";
    for (const domain_xml::Uuid& domain : done_) {
      content += domain_xml::format_uuid(domain) + "\n";
    }
  }
  try {
    write_atomically(path_, content, Durable::kNo);
  } catch (const Error& error) {
    log_error(error.what());
  }
}

}  // namespace virtsev::daemon
