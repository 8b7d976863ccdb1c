// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dispatch/procedures.hpp"

#include <algorithm>

#include "driver/daemon/dispatch/handlers/connect.hpp"
#include "driver/daemon/dispatch/handlers/console.hpp"
#include "driver/daemon/dispatch/handlers/domain_stats.hpp"
#include "driver/daemon/dispatch/handlers/domains_config.hpp"
#include "driver/daemon/dispatch/handlers/domains_define.hpp"
#include "driver/daemon/dispatch/handlers/domains_find.hpp"
#include "driver/daemon/dispatch/handlers/domains_life.hpp"
#include "driver/daemon/dispatch/handlers/domains_look.hpp"
#include "driver/daemon/dispatch/handlers/dump.hpp"
#include "driver/daemon/dispatch/handlers/empty.hpp"
#include "driver/daemon/dispatch/handlers/events.hpp"
#include "driver/daemon/dispatch/handlers/jobs.hpp"
#include "driver/daemon/dispatch/handlers/launch_security.hpp"
#include "driver/daemon/dispatch/handlers/memory.hpp"
#include "driver/daemon/dispatch/handlers/node.hpp"
#include "driver/daemon/dispatch/handlers/refused.hpp"

namespace virtsev::daemon::dispatch {

namespace {

constexpr auto kAnyone = Access::kStranger;
constexpr auto kRead = Access::kReadOnly;
constexpr auto kWrite = Access::kReadWrite;

// Filters of lists that are always empty, by number: a client may be newer than the headers that this is
// built with.
constexpr std::uint32_t first_bits(unsigned count) { return (1U << count) - 1; }
constexpr std::uint32_t kSnapshotFilters = first_bits(11);   // virDomainSnapshotListFlags, to TOPOLOGICAL
constexpr std::uint32_t kCheckpointFilters = first_bits(4);  // virDomainCheckpointListFlags, to NO_LEAVES
constexpr std::uint32_t kPoolFilters = first_bits(20);  // virConnectListAllStoragePoolsFlags, to ISCSI_DIRECT
constexpr std::uint32_t kNetworkFilters = first_bits(6);    // virConnectListAllNetworksFlags
constexpr std::uint32_t kInterfaceFilters = first_bits(2);  // virConnectListAllInterfacesFlags
constexpr std::uint32_t kSecretFilters = first_bits(4);     // virConnectListAllSecretsFlags
constexpr std::uint32_t kNodeDeviceFilters =  // virConnectListAllNodeDeviceFlags: capabilities to
    first_bits(24) | 0xfU << 28;              // CCWGROUP_MEMBER, and states

// clang-format off
constexpr Procedure kProcedures[] = {
    {1, "virConnectOpen", kAnyone, connect_open},
    {2, "virConnectClose", kAnyone, connect_close},
    {3, "virConnectGetType", kRead, connect_get_type},
    {4, "virConnectGetVersion", kRead, connect_get_version},
    {5, "virConnectGetMaxVcpus", kRead, connect_get_max_vcpus},
    {6, "virNodeGetInfo", kRead, node_get_info},
    {7, "virConnectGetCapabilities", kRead, connect_get_capabilities},
    {8, "virDomainAttachDevice", kWrite, refuse_device_change},
    {9, "virDomainCreate", kWrite, domain_create},
    {10, "virDomainCreateXML", kWrite, domain_create_xml},
    {11, "virDomainDefineXML", kWrite, domain_define_xml},
    {12, "virDomainDestroy", kWrite, domain_destroy},
    {13, "virDomainDetachDevice", kWrite, refuse_device_change},
    {14, "virDomainGetXMLDesc", kRead, domain_get_xml_desc},
    {15, "virDomainGetAutostart", kRead, domain_get_autostart},
    {16, "virDomainGetInfo", kRead, domain_get_info},
    {17, "virDomainGetMaxMemory", kRead, domain_get_max_memory},
    {18, "virDomainGetMaxVcpus", kRead, domain_get_max_vcpus},
    {19, "virDomainGetOSType", kRead, domain_get_os_type},
    {20, "virDomainGetVcpus", kRead, domain_get_vcpus},
    {21, "virConnectListDefinedDomains", kRead, connect_list_defined_domains},
    {22, "virDomainLookupByID", kRead, domain_lookup_by_id},
    {23, "virDomainLookupByName", kRead, domain_lookup_by_name},
    {24, "virDomainLookupByUUID", kRead, domain_lookup_by_uuid},
    {25, "virConnectNumOfDefinedDomains", kRead, connect_num_of_defined_domains},
    {26, "virDomainPinVcpu", kWrite, refuse_pinning},
    {27, "virDomainReboot", kWrite, domain_reboot},
    {28, "virDomainResume", kWrite, domain_resume},
    {29, "virDomainSetAutostart", kWrite, domain_set_autostart},
    {30, "virDomainSetMaxMemory", kWrite, domain_set_max_memory},
    {31, "virDomainSetMemory", kWrite, domain_set_memory},
    {32, "virDomainSetVcpus", kWrite, domain_set_vcpus},
    {33, "virDomainShutdown", kWrite, domain_shutdown},
    {34, "virDomainSuspend", kWrite, domain_suspend},
    {35, "virDomainUndefine", kWrite, domain_undefine},
    {36, "virConnectListDefinedNetworks", kRead, empty_list},
    {37, "virConnectListDomains", kRead, connect_list_domains},
    {38, "virConnectListNetworks", kRead, empty_list},
    {50, "virConnectNumOfDefinedNetworks", kRead, empty_count},
    {51, "virConnectNumOfDomains", kRead, connect_num_of_domains},
    {52, "virConnectNumOfNetworks", kRead, empty_count},
    {53, "virDomainCoreDump", kWrite, domain_core_dump},
    {54, "virDomainRestore", kWrite, refuse_saving},
    {55, "virDomainSave", kWrite, refuse_saving},
    {56, "virDomainGetSchedulerType", kRead, refuse_tuning},
    {59, "virConnectGetHostname", kRead, connect_get_hostname},
    {60, "virConnectSupportsFeature", kAnyone, connect_supports_feature},
    {64, "virDomainBlockStats", kRead, refuse_disks},
    {65, "virDomainInterfaceStats", kRead, refuse_interfaces},
    {66, "AUTH_LIST", kAnyone, auth_list},
    {70, "AUTH_POLKIT", kAnyone, auth_polkit},
    {71, "virConnectNumOfStoragePools", kRead, empty_count},
    {72, "virConnectListStoragePools", kRead, empty_list},
    {73, "virConnectNumOfDefinedStoragePools", kRead, empty_count},
    {74, "virConnectListDefinedStoragePools", kRead, empty_list},
    {101, "virNodeGetCellsFreeMemory", kRead, node_get_cells_free_memory},
    {102, "virNodeGetFreeMemory", kRead, node_get_free_memory},
    {104, "virDomainMemoryPeek", kWrite, domain_memory_peek},
    {110, "virConnectGetURI", kRead, connect_get_uri},
    {111, "virNodeNumOfDevices", kRead, empty_count},
    {112, "virNodeListDevices", kRead, empty_list},
    {121, "virDomainGetSecurityLabel", kRead, domain_get_security_label},
    {122, "virNodeGetSecurityModel", kRead, not_there},
    {126, "virConnectNumOfInterfaces", kRead, empty_count},
    {127, "virConnectListInterfaces", kRead, empty_list},
    {135, "virConnectDomainXMLFromNative", kWrite, refuse_native_formats},
    {136, "virConnectDomainXMLToNative", kWrite, refuse_native_formats},
    {137, "virConnectNumOfDefinedInterfaces", kRead, empty_count},
    {138, "virConnectListDefinedInterfaces", kRead, empty_list},
    {139, "virConnectNumOfSecrets", kRead, empty_count},
    {140, "virConnectListSecrets", kRead, empty_list},
    {149, "virConnectIsSecure", kRead, connect_is_secure},
    {150, "virDomainIsActive", kRead, domain_is_active},
    {151, "virDomainIsPersistent", kRead, domain_is_persistent},
    {157, "virConnectGetLibVersion", kRead, connect_get_lib_version},
    {159, "virDomainMemoryStats", kRead, domain_memory_stats},
    {160, "virDomainAttachDeviceFlags", kWrite, refuse_device_change},
    {161, "virDomainDetachDeviceFlags", kWrite, refuse_device_change},
    {163, "virDomainGetJobInfo", kRead, domain_get_job_info},
    {164, "virDomainAbortJob", kWrite, domain_abort_job},
    {174, "virDomainUpdateDeviceFlags", kWrite, refuse_device_change},
    {178, "virConnectNumOfNWFilters", kRead, not_there},
    {182, "virDomainManagedSave", kWrite, refuse_saving},
    {183, "virDomainHasManagedSaveImage", kRead, with_filters<empty_count_of_domain, 0>},
    {185, "virDomainSnapshotCreateXML", kWrite, refuse_snapshots},
    {187, "virDomainSnapshotNum", kRead, with_filters<empty_count_of_domain, kSnapshotFilters>},
    {188, "virDomainSnapshotListNames", kRead, with_filters<empty_names_of_domain, kSnapshotFilters>},
    {189, "virDomainSnapshotLookupByName", kRead, refuse_snapshots},
    {190, "virDomainHasCurrentSnapshot", kRead, with_filters<empty_count_of_domain, 0>},
    {194, "virDomainGetBlockInfo", kRead, refuse_disks},
    {196, "virDomainCreateWithFlags", kWrite, domain_create_with_flags},
    {198, "virDomainGetMemoryParameters", kRead, refuse_tuning},
    {199, "virDomainSetVcpusFlags", kWrite, domain_set_vcpus_flags},
    {200, "virDomainGetVcpusFlags", kRead, domain_get_vcpus_flags},
    {201, "virDomainOpenConsole", kWrite, domain_open_console},
    {202, "virDomainIsUpdated", kRead, domain_is_updated},
    {204, "virDomainSetMemoryFlags", kWrite, domain_set_memory_flags},
    {206, "virDomainGetBlkioParameters", kRead, refuse_tuning},
    {210, "virDomainInjectNMI", kWrite, refuse_interrupt},
    {211, "virDomainScreenshot", kWrite, refuse_screen},
    {212, "virDomainGetState", kRead, domain_get_state},
    {225, "virDomainPinVcpuFlags", kWrite, refuse_pinning},
    {226, "virDomainSendKey", kWrite, refuse_screen},
    {229, "virDomainGetControlInfo", kRead, domain_get_control_info},
    {230, "virDomainGetVcpuPinInfo", kRead, domain_get_vcpu_pin_info},
    {231, "virDomainUndefineFlags", kWrite, domain_undefine_flags},
    {232, "virDomainSaveFlags", kWrite, refuse_saving},
    {233, "virDomainRestoreFlags", kWrite, refuse_saving},
    {234, "virDomainDestroyFlags", kWrite, domain_destroy_flags},
    {243, "virDomainBlockStatsFlags", kRead, refuse_disks},
    {245, "virDomainReset", kWrite, domain_reset},
    {255, "virDomainGetNumaParameters", kRead, refuse_tuning},
    {258, "virDomainShutdownFlags", kWrite, domain_shutdown_flags},
    {261, "virDomainPMSuspendForDuration", kWrite, refuse_sleep},
    {262, "virDomainGetCPUStats", kRead, domain_get_cpu_stats},
    {263, "virDomainGetDiskErrors", kRead, domain_get_disk_errors},
    {264, "virDomainSetMetadata", kWrite, domain_set_metadata},
    {265, "virDomainGetMetadata", kRead, domain_get_metadata},
    {267, "virDomainPMWakeup", kWrite, refuse_sleep},
    {273, "virConnectListAllDomains", kRead, connect_list_all_domains},
    {274, "virDomainListAllSnapshots", kRead, with_filters<empty_list_of_domain, kSnapshotFilters>},
    {277, "virDomainGetHostname", kWrite, refuse_agent},
    {278, "virDomainGetSecurityLabelList", kRead, domain_get_security_label_list},
    {279, "virDomainPinEmulator", kWrite, refuse_pinning},
    {280, "virDomainGetEmulatorPinInfo", kRead, refuse_pinning},
    {281, "virConnectListAllStoragePools", kRead, with_filters<empty_list_all, kPoolFilters>},
    {283, "virConnectListAllNetworks", kRead, with_filters<empty_list_all, kNetworkFilters>},
    {284, "virConnectListAllInterfaces", kRead, with_filters<empty_list_all, kInterfaceFilters>},
    {285, "virConnectListAllNodeDevices", kRead, with_filters<empty_list_all, kNodeDeviceFilters>},
    {286, "virConnectListAllNWFilters", kRead, with_filters<empty_list_all, 0>},
    {287, "virConnectListAllSecrets", kRead, with_filters<empty_list_all, kSecretFilters>},
    {293, "virNodeGetCPUMap", kRead, node_get_cpu_map},
    {294, "virDomainFSTrim", kWrite, refuse_agent},
    {296, "virDomainOpenChannel", kWrite, domain_open_channel},
    {298, "virDomainGetJobStats", kRead, domain_get_job_stats},
    {316, "virConnectDomainEventRegisterAny", kRead, connect_domain_event_callback_register_any},
    {317, "virConnectDomainEventDeregisterAny", kRead, connect_domain_event_callback_deregister_any},
    {334, "virDomainCoreDumpWithFormat", kWrite, domain_core_dump_with_format},
    {335, "virDomainFSFreeze", kWrite, refuse_agent},
    {336, "virDomainFSThaw", kWrite, refuse_agent},
    {337, "virDomainGetTime", kWrite, refuse_agent},
    {338, "virDomainSetTime", kWrite, refuse_agent},
    {342, "virConnectGetDomainCapabilities", kWrite, connect_get_domain_capabilities},
    {344, "virConnectGetAllDomainStats", kRead, connect_get_all_domain_stats},
    {349, "virDomainGetFSInfo", kWrite, refuse_agent},
    {350, "virDomainDefineXMLFlags", kWrite, domain_define_xml_flags},
    {351, "virDomainGetIOThreadInfo", kRead, domain_get_iothread_info},
    {353, "virDomainInterfaceAddresses", kRead, domain_interface_addresses},
    {357, "virDomainSetUserPassword", kWrite, refuse_agent},
    {358, "virDomainRename", kWrite, domain_rename},
    {360, "virConnectRegisterCloseCallback", kRead, connect_close_callback},
    {361, "virConnectUnregisterCloseCallback", kRead, connect_close_callback},
    {365, "virDomainGetPerfEvents", kRead, refuse_tuning},
    {371, "virDomainGetGuestVcpus", kWrite, refuse_agent},
    {390, "virDomainSetLifecycleAction", kWrite, domain_set_lifecycle_action},
    {395, "virNodeGetSEVInfo", kWrite, node_get_sev_info},
    {396, "virDomainGetLaunchSecurityInfo", kRead, domain_get_launch_security_info},
    {401, "virConnectListAllNWFilterBindings", kRead, with_filters<empty_list_all, 0>},
    {411, "virDomainCheckpointCreateXML", kWrite, refuse_snapshots},
    {413, "virDomainListAllCheckpoints", kRead, with_filters<empty_list_of_domain, kCheckpointFilters>},
    {418, "virDomainGetGuestInfo", kWrite, refuse_agent},
    {419, "virConnectSetIdentity", kRead, connect_set_identity},
    {426, "virDomainGetMessages", kRead, domain_get_messages},
    {427, "virDomainStartDirtyRateCalc", kWrite, refuse_tuning},
    {439, "virDomainSetLaunchSecurityState", kWrite, domain_set_launch_security_state},
};
// clang-format on

constexpr bool comes_before(const Procedure& a, const Procedure& b) { return a.number < b.number; }
static_assert(std::is_sorted(std::begin(kProcedures), std::end(kProcedures), comes_before));

const Procedure* find_in(std::span<const Procedure> table, std::int32_t number) {
  const auto found = std::lower_bound(
      table.begin(), table.end(), number,
      [](const Procedure& procedure, std::int32_t wanted) { return procedure.number < wanted; });
  return found != table.end() && found->number == number ? &*found : nullptr;
}

}  // namespace

std::span<const Procedure> procedures() { return kProcedures; }

const Procedure* find_procedure(std::int32_t number) {
  const Procedure* const answered = find_in(kProcedures, number);
  return answered != nullptr ? answered : find_in(refused_procedures(), number);
}

}  // namespace virtsev::daemon::dispatch
