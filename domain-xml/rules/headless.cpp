// SPDX-License-Identifier: LGPL-2.1-or-later
// What only a guest with a screen could use, by the names of libvirt's schema.
#include <algorithm>
#include <array>

#include "domain-xml/rules/rules.hpp"
#include "domain-xml/xml/node.hpp"
#include "sevcore/base/text.hpp"

namespace virtsev::domain_xml {
namespace {

constexpr std::array<std::string_view, 8> kScreen = {"graphics", "video",     "sound",    "audio",
                                                     "hub",      "smartcard", "redirdev", "redirfilter"};
constexpr std::array<std::string_view, 4> kDesktopChannels = {"spicevmc", "spiceport", "qemu-vdagent",
                                                              "dbus"};

template <typename Names>
bool is_among(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Written by tools and by libvirt's QEMU driver where there is nothing: <video><model type='none'/>, <audio
/// type='none'/>, <controller type='usb' model='none'/>.
bool stands_for_nothing(const xmlNode* device) {
  const std::vector<xmlNode*> models = children_named(device, "model");
  const bool no_model = models.size() == 1 && attribute(models[0], "type") == "none";
  return attribute(device, "type") == "none" || attribute(device, "model") == "none" || no_model;
}

bool asks_for_a_screen(const xmlNode* device) {
  // PS/2 keyboard and mouse are in every document that libvirt writes.
  const bool input = is_element(device, "input") && attribute(device, "bus").value_or("usb") != "ps2";
  const bool usb = is_element(device, "controller") && attribute(device, "type") == "usb";
  return (input || usb || is_for_a_screen(device)) && !stands_for_nothing(device);
}

}  // namespace

bool is_for_a_screen(const xmlNode* device) {
  if (device->ns != nullptr) {
    return false;
  }
  if (is_element(device, "channel")) {
    return is_among(kDesktopChannels, attribute(device, "type").value_or(""));
  }
  return is_among(kScreen, name_of(device));
}

void check_headless(const xmlNode* domain, const ParseOptions& options, Problems& problems) {
  if (options.headless) {
    return;
  }
  for (const xmlNode* devices : children_named(domain, "devices")) {
    for (const xmlNode* device : child_elements(devices)) {
      if (asks_for_a_screen(device)) {
        problems.add(
            ErrorCode::kConfigUnsupported, device,
            text("virtsev's guests have a text console, no screen, no sound and no USB; remove the "
                 "element (virt-install: --graphics none), or set headless = 1 in virtsevd.conf, and "
                 "it is kept and not given to the guest"));
      }
    }
  }
}

}  // namespace virtsev::domain_xml
