// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/config/libvirt_settings.hpp"

#include <algorithm>
#include <iterator>

namespace virtsev::daemon {
namespace {

constexpr std::string_view kSettings[] = {
    "access_drivers",
    "admin_keepalive_count",
    "admin_keepalive_interval",
    "admin_keepalive_required",
    "admin_max_client_requests",
    "admin_max_clients",
    "admin_max_queued_clients",
    "admin_max_workers",
    "admin_min_workers",
    "audit_level",
    "audit_logging",
    "auth_tcp",
    "auth_tls",
    "auth_unix_ro",
    "auth_unix_rw",
    "ca_file",
    "cert_file",
    "crl_file",
    "host_uuid_source",
    "keepalive_required",
    "key_file",
    "listen_addr",
    "listen_tcp",
    "listen_tls",
    "log_filters",
    "log_level",
    "log_outputs",
    "max_anonymous_clients",
    "max_queued_clients",
    "max_workers",
    "min_workers",
    "ovs_timeout",
    "prio_workers",
    "sasl_allowed_username_list",
    "tcp_min_ssf",
    "tcp_port",
    "tls_allowed_dn_list",
    "tls_no_sanity_certificate",
    "tls_no_verify_certificate",
    "tls_port",
    "tls_priority",
    "unix_sock_admin_perms",
    "unix_sock_dir",
    "unix_sock_group",
    "unix_sock_ro_perms",
    "unix_sock_rw_perms",
};
static_assert(std::is_sorted(std::begin(kSettings), std::end(kSettings)));

}  // namespace

bool is_libvirt_setting(std::string_view key) {
  return std::binary_search(std::begin(kSettings), std::end(kSettings), key);
}

}  // namespace virtsev::daemon
