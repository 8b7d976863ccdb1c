// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/spec-from-xml/virtsev/firmware_descriptors.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include <nlohmann/json.hpp>

namespace virtsev::spec {
namespace {

using Json = nlohmann::json;

constexpr std::uintmax_t kMostBytes = 64 * 1024;
constexpr std::size_t kMostFiles = 256;

std::optional<Json> read(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) ||
      std::filesystem::file_size(path, error) > kMostBytes || error) {
    return std::nullopt;
  }
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  Json value = Json::parse(content.str(), nullptr, false);
  return value.is_object() ? std::optional(std::move(value)) : std::nullopt;
}

/// A member, or nothing's: so a chain of them needs no questions.
const Json& member(const Json& value, const char* name) {
  static const Json kNothing;
  const auto found = value.is_object() ? value.find(name) : value.end();
  return found == value.end() ? kNothing : *found;
}

bool lists(const Json& list, const char* word) {
  return list.is_array() && std::any_of(list.begin(), list.end(), [&](const Json& each) {
           return each.is_string() && each.get_ref<const std::string&>() == word;
         });
}

bool is_for_q35(const Json& targets) {
  return targets.is_array() && std::any_of(targets.begin(), targets.end(), [](const Json& target) {
           const Json& machines = member(target, "machines");
           return member(target, "architecture") == "x86_64" && machines.is_array() &&
                  std::any_of(machines.begin(), machines.end(), [](const Json& machine) {
                    return machine.is_string() && machine.get_ref<const std::string&>().starts_with("pc-q35");
                  });
         });
}

std::string image_of(const Json& mapping) {
  const Json& of_flash = member(member(mapping, "executable"), "filename");
  const Json& in_memory = member(mapping, "filename");
  const Json& name = of_flash.is_string() ? of_flash : in_memory;
  return name.is_string() ? name.get<std::string>() : std::string();
}

}  // namespace

std::vector<FirmwareDescriptor> read_firmware_descriptors(const std::vector<std::string>& directories) {
  std::map<std::string, std::filesystem::path> files;
  for (const std::string& directory : directories) {
    std::error_code error;
    for (std::filesystem::directory_iterator each(directory, error), end; !error && each != end;
         each.increment(error)) {
      if (each->path().extension() == ".json" && files.size() < kMostFiles) {
        files.emplace(each->path().filename(), each->path());
      }
    }
  }
  std::vector<FirmwareDescriptor> descriptors;
  for (const auto& [name, path] : files) {
    const std::optional<Json> value = read(path);
    if (!value) {
      continue;  // An empty file hides another one
    }
    const Json& features = member(*value, "features");
    const std::string image = image_of(member(*value, "mapping"));
    if (lists(member(*value, "interface-types"), "uefi") && is_for_q35(member(*value, "targets")) &&
        !lists(features, "requires-smm") && !lists(features, "enrolled-keys") && image.starts_with('/')) {
      descriptors.push_back({path, image});
    }
  }
  return descriptors;
}

}  // namespace virtsev::spec
