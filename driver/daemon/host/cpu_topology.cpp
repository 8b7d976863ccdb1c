// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/host/cpu_topology.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <sstream>

#include "driver/daemon/files/read_file.hpp"

namespace virtsev::daemon {
namespace {

constexpr std::size_t kMaxCpus = 4096;

std::uint64_t number_in(const std::string& text, std::uint64_t fallback = 0) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? value : fallback;
}

std::string line_of(const std::string& path) {
  std::string content = read_small(path);
  return content.substr(0, content.find('\n'));
}

// The number after `key` in a file such as /proc/meminfo.
std::uint64_t number_after(const std::string& content, const std::string& key) {
  std::size_t position = content.find(key);
  if (position == std::string::npos) {
    return 0;
  }
  position = content.find_first_of("0123456789", position + key.size());
  return position == std::string::npos ? 0 : number_in(content.substr(position, 20));
}

HostCpu read_cpu(const std::string& sys, std::uint32_t number) {
  const std::string base = sys + "/devices/system/cpu/cpu" + std::to_string(number) + "/topology/";
  HostCpu cpu;
  cpu.number = number;
  // A virtual machine may have no topology, and -1 stands for none: then each processor is a core of socket
  // 0.
  cpu.socket = static_cast<std::uint32_t>(number_in(line_of(base + "physical_package_id")));
  cpu.die = static_cast<std::uint32_t>(number_in(line_of(base + "die_id")));
  cpu.cluster = static_cast<std::uint32_t>(number_in(line_of(base + "cluster_id")));
  cpu.core = static_cast<std::uint32_t>(number_in(line_of(base + "core_id"), number));
  cpu.siblings = line_of(base + "thread_siblings_list");
  if (parse_cpu_list(cpu.siblings).empty()) {
    cpu.siblings = std::to_string(number);
  }
  return cpu;
}

HostCell read_cell(const std::string& sys, std::uint32_t number) {
  const std::string base = sys + "/devices/system/node/node" + std::to_string(number);
  HostCell cell;
  cell.number = number;
  cell.memory_kib = number_after(read_small(base + "/meminfo"), "MemTotal:");
  for (const std::uint32_t cpu : parse_cpu_list(line_of(base + "/cpulist"))) {
    cell.cpus.push_back(read_cpu(sys, cpu));
  }
  return cell;
}

}  // namespace

std::vector<std::uint32_t> parse_cpu_list(const std::string& list) {
  std::vector<std::uint32_t> numbers;
  std::istringstream parts(list);
  for (std::string part; std::getline(parts, part, ',');) {
    const std::size_t dash = part.find('-');
    if (part.find_first_of("0123456789") != 0) {
      continue;
    }
    const std::uint64_t first = number_in(part);
    const std::uint64_t last = dash == std::string::npos ? first : number_in(part.substr(dash + 1));
    for (std::uint64_t i = first; i <= last && numbers.size() < kMaxCpus; ++i) {
      numbers.push_back(static_cast<std::uint32_t>(i));
    }
  }
  return numbers;
}

HostTopology read_topology(const std::string& sys, const std::string& proc) {
  HostTopology topology;
  topology.memory_kib = number_after(read_small(proc + "/meminfo"), "MemTotal:");
  topology.mhz = static_cast<std::uint32_t>(number_after(read_small(proc + "/cpuinfo"), "cpu MHz"));
  topology.present =
      static_cast<std::uint32_t>(parse_cpu_list(line_of(sys + "/devices/system/cpu/present")).size());
  for (const std::uint32_t node : parse_cpu_list(line_of(sys + "/devices/system/node/online"))) {
    topology.cells.push_back(read_cell(sys, node));
  }
  if (topology.cells.empty()) {  // A kernel without NUMA
    HostCell cell;
    cell.memory_kib = topology.memory_kib;
    for (const std::uint32_t cpu : parse_cpu_list(line_of(sys + "/devices/system/cpu/online"))) {
      cell.cpus.push_back(read_cpu(sys, cpu));
    }
    topology.cells.push_back(std::move(cell));
  }
  return topology;
}

NodeInfo node_info_of(const HostTopology& topology) {
  NodeInfo info;
  info.model = "x86_64";
  info.memory_kib = topology.memory_kib;
  info.mhz = static_cast<std::int32_t>(topology.mhz);
  std::set<std::uint32_t> sockets;
  std::set<std::pair<std::uint32_t, std::uint32_t>> cores;  // Of the first processor's socket: die and core
  std::optional<std::uint32_t> first_socket;                // A node may have memory alone
  std::size_t cpus = 0;
  std::size_t threads = 1;
  for (const HostCell& cell : topology.cells) {
    for (const HostCpu& cpu : cell.cpus) {
      ++cpus;
      sockets.insert(cpu.socket);
      first_socket = first_socket.value_or(cpu.socket);
      if (cpu.socket == *first_socket) {
        cores.insert({cpu.die, cpu.core});
      }
      threads = std::max(threads, parse_cpu_list(cpu.siblings).size());
    }
  }
  info.cpus = static_cast<std::int32_t>(std::max<std::size_t>(cpus, 1));
  // nodes * sockets * cores * threads must not be less than cpus: libvirt's clients count by it. Sockets are
  // for each node; where that does not divide, one node of one socket says nothing wrong.
  const std::size_t nodes = std::max<std::size_t>(topology.cells.size(), 1);
  const std::size_t socket_count = std::max<std::size_t>(sockets.size(), 1);
  if (cpus > 0 && socket_count % nodes == 0 && socket_count * cores.size() * threads == cpus) {
    info.nodes = static_cast<std::int32_t>(nodes);
    info.sockets = static_cast<std::int32_t>(socket_count / nodes);
    info.cores = static_cast<std::int32_t>(cores.size());
    info.threads = static_cast<std::int32_t>(threads);
  } else {
    info.nodes = info.sockets = info.threads = 1;
    info.cores = info.cpus;
  }
  return info;
}

CpuMap cpu_map_of(const std::string& sys) {
  CpuMap map;
  const auto present = parse_cpu_list(line_of(sys + "/devices/system/cpu/present"));
  const auto online = parse_cpu_list(line_of(sys + "/devices/system/cpu/online"));
  const std::uint32_t count = present.empty() ? 0 : *std::max_element(present.begin(), present.end()) + 1;
  map.cpus = static_cast<std::int32_t>(count);
  map.map.resize((count + 7) / 8);
  for (const std::uint32_t cpu : online) {
    if (cpu < count) {
      map.map[cpu / 8] = static_cast<std::uint8_t>(map.map[cpu / 8] | 1U << (cpu % 8));
      ++map.online;
    }
  }
  return map;
}

}  // namespace virtsev::daemon
