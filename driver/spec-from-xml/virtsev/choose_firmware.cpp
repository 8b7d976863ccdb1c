// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/spec-from-xml/virtsev/choose_firmware.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "driver/boot/ovmf/abilities.hpp"
#include "driver/spec-from-xml/open_file.hpp"
#include "sevcore/base/error.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::spec {
namespace {

constexpr std::size_t kMostImages = 64;

/// Why it can't; none: it can.
std::optional<std::string> reason_against(const std::string& path, const sevcore::Protection& protection) {
  try {
    const UniqueFd file = open_file(text("firmware"), path);
    return boot::ovmf::reason_against({file.get(), path}, protection);
  } catch (const Error& error) {
    return error.what();
  }
}

/// Whether by its name it holds variables and no code, or the code of Secure Boot.
bool is_something_else(const std::string& name) {
  constexpr const char* kOthers[] = {"VARS", "secboot", ".ms.", "snakeoil"};
  return std::any_of(std::begin(kOthers), std::end(kOthers),
                     [&](const char* other) { return name.find(other) != std::string::npos; });
}

/// Images of packages, described or not: what lies beside those that are.
std::set<std::string> images_of_host(const std::vector<FirmwareDescriptor>& descriptors) {
  std::set<std::string> images;
  std::set<std::filesystem::path> directories = {"/usr/share/OVMF", "/usr/share/ovmf"};
  for (const FirmwareDescriptor& descriptor : descriptors) {
    images.insert(descriptor.image);
    directories.insert(std::filesystem::path(descriptor.image).parent_path());
  }
  for (const std::filesystem::path& directory : directories) {
    std::error_code error;
    for (std::filesystem::directory_iterator each(directory, error), end; !error && each != end;
         each.increment(error)) {
      if (each->path().extension() == ".fd" && !is_something_else(each->path().filename()) &&
          images.size() < kMostImages) {
        images.insert(each->path());
      }
    }
  }
  return images;
}

std::string none_can() {
  return text("no other firmware on this host can; install one (Debian: ovmf, ovmf-amdsev)");
}

std::string advice(const sevcore::Protection& protection,
                   const std::vector<FirmwareDescriptor>& descriptors) {
  std::string able;
  for (const std::string& image : images_of_host(descriptors)) {
    if (!reason_against(image, protection)) {
      able += (able.empty() ? "" : ", ") + image;
    }
  }
  return able.empty() ? none_can()
                      : text("write <loader readonly='yes' type='rom'> with one that can: {}", able);
}

}  // namespace

std::string choose_firmware(const sevcore::Protection& protection,
                            const std::vector<std::string>& directories) {
  const std::vector<FirmwareDescriptor> descriptors = read_firmware_descriptors(directories);
  std::string reasons;
  std::set<std::string> unable;
  for (const FirmwareDescriptor& descriptor : descriptors) {
    const std::optional<std::string> reason = reason_against(descriptor.image, protection);
    if (!reason) {
      return descriptor.image;
    }
    reasons += *reason + "; ";
    unable.insert(descriptor.image);
  }
  // Debian 12 describes only its larger images, which can't do SEV, and has others beside them.
  for (const std::string& image : images_of_host(descriptors)) {
    if (!unable.contains(image) && !reason_against(image, protection)) {
      return image;
    }
  }
  throw Error(ErrorCode::kConfigUnsupported,
              text("firmware='efi': this host has no firmware for {} guests: {}{}",
                   sevcore::name_of(protection), reasons, none_can()));
}

void check_firmware(const File& image, const sevcore::Protection& protection,
                    const std::vector<std::string>& directories) {
  if (const auto reason = boot::ovmf::reason_against(image, protection)) {
    throw Error(
        ErrorCode::kConfigUnsupported,
        text("<os><loader>: {}; {}", *reason, advice(protection, read_firmware_descriptors(directories))));
  }
}

}  // namespace virtsev::spec
