// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sevcore/kernel/simulation_settings.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"
#include "sevcore/kernel/platform_files.hpp"

namespace virtsev::sevcore {
namespace {

constexpr std::string_view kFirstLine = "virtsev simulated platform, version 1";
constexpr std::size_t kMaxFile = 4096;

/// "name = number"; where it is not, or the number is too large, false.
bool apply(std::string_view line, SimulationSettings& settings) {
  const auto equals = line.find(" = ");
  if (equals == std::string_view::npos) {
    return false;
  }
  const std::string_view name = line.substr(0, equals);
  const std::string_view digits = line.substr(equals + 3);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return false;
  }
  if (name == "es_asids" && value <= SimulationSettings::kMaxAsids) {
    settings.es_asids = value;
  } else if (name == "sev_asids" && value <= SimulationSettings::kMaxAsids) {
    settings.sev_asids = value;
  } else if (name == "firmware_delay_ms_per_mib" && value <= SimulationSettings::kMaxDelay) {
    settings.firmware_delay_ms_per_mib = value;
  } else if (name == "snp_initialized" && value <= 1) {
    settings.snp_initialized = value;
  } else {
    return false;
  }
  return true;
}

}  // namespace

SimulationSettings read_simulation_settings(int state_fd) {
  const Bytes content = read_whole_file(state_fd, kMaxFile);
  std::string_view rest(reinterpret_cast<const char*>(content.data()), content.size());
  SimulationSettings settings;
  for (unsigned number = 1; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const bool good = number == 1 ? line == kFirstLine : apply(line, settings);
    if (!good) {
      throw Error(
          ErrorCode::kOperationFailed,
          text("{}: line {} is not understood; correct it, or empty the file for the default settings",
               name_of_descriptor(state_fd), number));
    }
  }
  return settings;
}

void write_simulation_settings(int state_fd, const SimulationSettings& settings) {
  std::string content(kFirstLine);
  // Always as many bytes, in one write: nobody reads one file's beginning and another one's end.
  const auto add = [&content](const char* name, std::uint32_t value) {
    content += fmt::format("\n{} = {:05}", name, value);
  };
  add("es_asids", settings.es_asids);
  add("sev_asids", settings.sev_asids);
  add("firmware_delay_ms_per_mib", settings.firmware_delay_ms_per_mib);
  add("snp_initialized", settings.snp_initialized);
  content += "\n";
  const ByteView wanted = bytes_of(content);
  if (!std::ranges::equal(read_whole_file(state_fd, kMaxFile), wanted)) {
    write_whole_file(state_fd, wanted);
  }
}

}  // namespace virtsev::sevcore
