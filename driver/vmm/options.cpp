// SPDX-License-Identifier: LGPL-2.1-or-later
// virtsev-vmm's command line. getopt, because all of this program is trusted.
#include "driver/vmm/options.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>

#include <getopt.h>
#include <unistd.h>

#include "sevcore/base/text.hpp"

namespace virtsev::vmm {
namespace {

constexpr int kUsageError = 2;

template <typename Number>
std::optional<Number> parse_number(const char* digits) {
  Number value{};
  const char* end = digits + std::strlen(digits);
  const auto [rest, error] = std::from_chars(digits, end, value);
  return error == std::errc() && rest == end ? std::optional(value) : std::nullopt;
}

void print_help() {
  std::fputs(text("Usage: virtsev-vmm --control-fd N [--name NAME] [--peer-uid UID]\n"
                  "\n"
                  "The monitor of one SEV guest. virtsevd starts it; it is of no use by itself.\n"
                  "\n"
                  "  --control-fd N  descriptor of the listening control socket\n"
                  "  --name NAME     the domain's name, for process lists\n"
                  "  --peer-uid UID  uid of virtsevd, the only one who may connect; without it the own\n"
                  "                  one and root's may\n"
                  "  --version       print the version\n"
                  "  --help          print this text\n")
                 .c_str(),
             stdout);
}

std::nullopt_t usage_error(const std::string& message, int& exit_status) {
  std::fprintf(stderr, "virtsev-vmm: %s\n", message.c_str());
  exit_status = kUsageError;
  return std::nullopt;
}

}  // namespace

std::vector<uid_t> allowed_peers(const Options& options) {
  if (options.peer_uid) {
    return {*options.peer_uid};
  }
  return {0, ::getuid()};
}

std::optional<Options> parse_options(int argc, char** argv, int& exit_status) {
  static const std::array<option, 6> kLongOptions = {{{"control-fd", required_argument, nullptr, 'c'},
                                                      {"name", required_argument, nullptr, 'n'},
                                                      {"peer-uid", required_argument, nullptr, 'p'},
                                                      {"version", no_argument, nullptr, 'V'},
                                                      {"help", no_argument, nullptr, 'h'},
                                                      {nullptr, 0, nullptr, 0}}};
  Options options;
  exit_status = 0;
  int given = 0;
  while ((given = ::getopt_long(argc, argv, "", kLongOptions.data(), nullptr)) != -1) {
    switch (given) {
      case 'c':
        options.control_fd = parse_number<int>(optarg).value_or(-1);
        break;
      case 'n':
        options.name = optarg;
        break;
      case 'p':
        options.peer_uid = parse_number<uid_t>(optarg);
        if (!options.peer_uid) {
          return usage_error(text("--peer-uid {}: not a number", optarg), exit_status);
        }
        break;
      case 'V':
        std::puts("virtsev-vmm " VIRTSEV_VERSION);
        return std::nullopt;
      case 'h':
        print_help();
        return std::nullopt;
      default:
        exit_status = kUsageError;
        return std::nullopt;
    }
  }
  if (options.control_fd < 0) {
    return usage_error(text("--control-fd with a descriptor is needed; virtsevd starts this program"),
                       exit_status);
  }
  return options;
}

}  // namespace virtsev::vmm
