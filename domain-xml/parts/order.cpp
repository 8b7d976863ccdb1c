// SPDX-License-Identifier: LGPL-2.1-or-later
// The order in which libvirt writes elements (conf/domain_conf.c, virDomainDefFormatInternal).
#include <algorithm>
#include <array>

#include "domain-xml/parts/parts.hpp"
#include "domain-xml/xml/node.hpp"

namespace virtsev::domain_xml {
namespace {

constexpr std::array<std::string_view, 35> kDomainOrder = {"name",
                                                           "uuid",
                                                           "genid",
                                                           "title",
                                                           "description",
                                                           "metadata",
                                                           "maxMemory",
                                                           "memory",
                                                           "currentMemory",
                                                           "blkiotune",
                                                           "memtune",
                                                           "memoryBacking",
                                                           "vcpu",
                                                           "vcpus",
                                                           "iothreads",
                                                           "iothreadids",
                                                           "defaultiothread",
                                                           "cputune",
                                                           "numatune",
                                                           "resource",
                                                           "sysinfo",
                                                           "bootloader",
                                                           "bootloader_args",
                                                           "os",
                                                           "idmap",
                                                           "features",
                                                           "cpu",
                                                           "clock",
                                                           "on_poweroff",
                                                           "on_reboot",
                                                           "on_crash",
                                                           "on_lockfailure",
                                                           "pm",
                                                           "perf",
                                                           "devices"};
constexpr std::array<std::string_view, 3> kDomainEnd = {"seclabel", "keywrap", "launchSecurity"};

/// Ranks children, sorts them stably, and hangs them in again in that order.
template <typename Rank>
void sort_children(xmlNode* parent, Rank rank) {
  std::vector<xmlNode*> children = child_elements(parent);
  std::stable_sort(children.begin(), children.end(),
                   [&](const xmlNode* a, const xmlNode* b) { return rank(a) < rank(b); });
  for (xmlNode* child : children) {
    xmlUnlinkNode(child);
  }
  for (xmlNode* child : children) {
    xmlAddChild(parent, child);
  }
}

template <typename Names>
std::size_t index_in(const Names& names, const xmlNode* node) {
  return static_cast<std::size_t>(
      std::find_if(names.begin(), names.end(),
                   [&](std::string_view name) { return is_element(node, name); }) -
      names.begin());
}

}  // namespace

void put_in_order(xmlNode* parent, std::initializer_list<std::string_view> order) {
  sort_children(parent, [&](const xmlNode* node) { return index_in(order, node); });
}

void put_in_order(xmlNode* domain) {
  sort_children(domain, [](const xmlNode* node) {
    const std::size_t end = index_in(kDomainEnd, node);
    return end < kDomainEnd.size() ? kDomainOrder.size() + 1 + end : index_in(kDomainOrder, node);
  });
}

}  // namespace virtsev::domain_xml
