// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/dispatch/procedures.hpp"

#include <algorithm>

#include <libvirt/libvirt.h>

#include "driver/daemon/dispatch/handlers/empty.hpp"
#include "driver/daemon/dispatch/handlers/handlers.hpp"
#include "driver/daemon/dispatch/row.hpp"

namespace virtsev::daemon::dispatch {

namespace {

constexpr auto kAnyone = Access::kStranger;
constexpr auto kRead = Access::kReadOnly;
constexpr auto kWrite = Access::kReadWrite;
using relay::Kind;

// What the calls' flags may be; some bits by number, which older headers lack.
constexpr std::uint32_t kImpact = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG;
constexpr std::uint32_t kStartFlags = VIR_DOMAIN_START_PAUSED | VIR_DOMAIN_START_AUTODESTROY |
                                      VIR_DOMAIN_START_BYPASS_CACHE | VIR_DOMAIN_START_FORCE_BOOT |
                                      VIR_DOMAIN_START_VALIDATE | 32U /* RESET_NVRAM */;
constexpr std::uint32_t kXmlFlags =
    VIR_DOMAIN_XML_SECURE | VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_UPDATE_CPU | VIR_DOMAIN_XML_MIGRATABLE;
constexpr std::uint32_t kShutdownModes = 31;
// What they name, no domain here has: nothing of it can be left behind.
constexpr std::uint32_t kUndefineFlags =
    VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM |
    VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA | 32U /* TPM */ |
    64U /* KEEP_TPM */;
// VIR_DOMAIN_DESTROY_REMOVE_LOGS: the logs stay; allowed, as other drivers allow it.
constexpr std::uint32_t kRemoveLogs = 2;
// The method refuses some, for reasons that come after others.
constexpr std::uint32_t kLooksItself = ~0U;

// Filters of lists that are always empty, by number: a client may be newer than the headers that this is
// built with.
constexpr std::uint32_t first_bits(unsigned count) { return (1U << count) - 1; }
constexpr std::uint32_t kSnapshotFilters = first_bits(11);   // virDomainSnapshotListFlags, to TOPOLOGICAL
constexpr std::uint32_t kCheckpointFilters = first_bits(4);  // virDomainCheckpointListFlags, to NO_LEAVES

// clang-format off
constexpr Procedure kProcedures[] = {
    {1, "virConnectOpen", kAnyone, connect_open},
    {2, "virConnectClose", kAnyone, connect_close},
    {3, "virConnectGetType", kRead, connect_get_type},
    {4, "virConnectGetVersion", kRead, connect_get_version},
    {5, "virConnectGetMaxVcpus", kRead, connect_get_max_vcpus},
    row<&Driver::node_info>(6, "virNodeGetInfo", kRead),
    row<&Driver::capabilities>(7, "virConnectGetCapabilities", kRead),
    older<&Driver::attach_device, VIR_DOMAIN_AFFECT_LIVE>(8, "virDomainAttachDevice", kWrite),
    {9, "virDomainCreate", kWrite, domain_create},
    row<&Driver::create>(10, "virDomainCreateXML", kWrite, kStartFlags),
    older<&Driver::define, 0>(11, "virDomainDefineXML", kWrite),
    older<&Driver::destroy, 0>(12, "virDomainDestroy", kWrite),
    older<&Driver::detach_device, VIR_DOMAIN_AFFECT_LIVE>(13, "virDomainDetachDevice", kWrite),
    row<&Driver::current_xml>(14, "virDomainGetXMLDesc", kRead, kXmlFlags, VIR_DOMAIN_XML_SECURE | VIR_DOMAIN_XML_MIGRATABLE),
    row<&Driver::autostart>(15, "virDomainGetAutostart", kRead),
    row<&Driver::info>(16, "virDomainGetInfo", kRead),
    {17, "virDomainGetMaxMemory", kRead, domain_get_max_memory},
    {18, "virDomainGetMaxVcpus", kRead, domain_get_max_vcpus},
    {19, "virDomainGetOSType", kRead, domain_get_os_type},
    {20, "virDomainGetVcpus", kRead, domain_get_vcpus},
    {21, "virConnectListDefinedDomains", kRead, connect_list_defined_domains},
    row<&Driver::lookup_by_id>(22, "virDomainLookupByID", kRead),
    row<&Driver::lookup_by_name>(23, "virDomainLookupByName", kRead),
    {24, "virDomainLookupByUUID", kRead, domain_lookup_by_uuid},
    {25, "virConnectNumOfDefinedDomains", kRead, connect_num_of_defined_domains},
    older<&Driver::pin_vcpu, VIR_DOMAIN_AFFECT_LIVE>(26, "virDomainPinVcpu", kWrite),
    row<&Driver::reboot>(27, "virDomainReboot", kWrite, kShutdownModes),
    row<&Driver::resume>(28, "virDomainResume", kWrite),
    row<&Driver::set_autostart>(29, "virDomainSetAutostart", kWrite),
    older<&Driver::set_memory, VIR_DOMAIN_MEM_MAXIMUM>(30, "virDomainSetMaxMemory", kWrite),
    older<&Driver::set_memory, VIR_DOMAIN_AFFECT_LIVE>(31, "virDomainSetMemory", kWrite),
    older<&Driver::set_vcpus, VIR_DOMAIN_AFFECT_LIVE>(32, "virDomainSetVcpus", kWrite),
    older<&Driver::shutdown, 0>(33, "virDomainShutdown", kWrite),
    row<&Driver::suspend>(34, "virDomainSuspend", kWrite),
    older<&Driver::undefine, 0>(35, "virDomainUndefine", kWrite),
    relayed(Kind::kNetwork, {36, "virConnectListDefinedNetworks", kRead, empty_list}),
    {37, "virConnectListDomains", kRead, connect_list_domains},
    relayed(Kind::kNetwork, {38, "virConnectListNetworks", kRead, empty_list}),
    relayed(Kind::kNetwork, {50, "virConnectNumOfDefinedNetworks", kRead, empty_count}),
    {51, "virConnectNumOfDomains", kRead, connect_num_of_domains},
    relayed(Kind::kNetwork, {52, "virConnectNumOfNetworks", kRead, empty_count}),
    {53, "virDomainCoreDump", kWrite, domain_core_dump},
    refused(54, "virDomainRestore", kWrite, Refusal::kSaving),
    refused(55, "virDomainSave", kWrite, Refusal::kSaving),
    refused(56, "virDomainGetSchedulerType", kRead, Refusal::kTuning),
    row<&Driver::hostname>(59, "virConnectGetHostname", kRead),
    {60, "virConnectSupportsFeature", kAnyone, connect_supports_feature},
    row<&Driver::block_counts>(64, "virDomainBlockStats", kRead),
    row<&Driver::interface_counts>(65, "virDomainInterfaceStats", kRead),
    {66, "AUTH_LIST", kAnyone, auth_list},
    {70, "AUTH_POLKIT", kAnyone, auth_polkit},
    relayed(Kind::kStorage, {71, "virConnectNumOfStoragePools", kRead, empty_count}),
    relayed(Kind::kStorage, {72, "virConnectListStoragePools", kRead, empty_list}),
    relayed(Kind::kStorage, {73, "virConnectNumOfDefinedStoragePools", kRead, empty_count}),
    relayed(Kind::kStorage, {74, "virConnectListDefinedStoragePools", kRead, empty_list}),
    {101, "virNodeGetCellsFreeMemory", kRead, node_get_cells_free_memory},
    {102, "virNodeGetFreeMemory", kRead, node_get_free_memory},
    {104, "virDomainMemoryPeek", kWrite, domain_memory_peek},
    {110, "virConnectGetURI", kRead, connect_get_uri},
    relayed(Kind::kNodeDevice, {111, "virNodeNumOfDevices", kRead, empty_count}),
    relayed(Kind::kNodeDevice, {112, "virNodeListDevices", kRead, empty_list}),
    {121, "virDomainGetSecurityLabel", kRead, domain_get_security_label},
    {122, "virNodeGetSecurityModel", kRead, not_there},
    relayed(Kind::kInterface, {126, "virConnectNumOfInterfaces", kRead, empty_count}),
    relayed(Kind::kInterface, {127, "virConnectListInterfaces", kRead, empty_list}),
    refused(135, "virConnectDomainXMLFromNative", kWrite, Refusal::kNativeFormats),
    refused(136, "virConnectDomainXMLToNative", kWrite, Refusal::kNativeFormats),
    relayed(Kind::kInterface, {137, "virConnectNumOfDefinedInterfaces", kRead, empty_count}),
    relayed(Kind::kInterface, {138, "virConnectListDefinedInterfaces", kRead, empty_list}),
    relayed(Kind::kSecret, {139, "virConnectNumOfSecrets", kRead, empty_count}),
    relayed(Kind::kSecret, {140, "virConnectListSecrets", kRead, empty_list}),
    {149, "virConnectIsSecure", kRead, connect_is_secure},
    {150, "virDomainIsActive", kRead, domain_is_active},
    row<&Driver::is_persistent>(151, "virDomainIsPersistent", kRead),
    {157, "virConnectGetLibVersion", kRead, connect_get_lib_version},
    {159, "virDomainMemoryStats", kRead, domain_memory_stats},
    row<&Driver::attach_device>(160, "virDomainAttachDeviceFlags", kWrite, kImpact),
    row<&Driver::detach_device>(161, "virDomainDetachDeviceFlags", kWrite, kImpact),
    {163, "virDomainGetJobInfo", kRead, domain_get_job_info},
    row<&Driver::abort_job>(164, "virDomainAbortJob", kWrite),
    row<&Driver::update_device>(174, "virDomainUpdateDeviceFlags", kWrite, kImpact),
    refused(178, "virConnectNumOfNWFilters", kRead, Refusal::kFilters),
    refused(182, "virDomainManagedSave", kWrite, Refusal::kSaving),
    {183, "virDomainHasManagedSaveImage", kRead, with_filters<empty_count_of_domain, 0>},
    refused(185, "virDomainSnapshotCreateXML", kWrite, Refusal::kSnapshots),
    {187, "virDomainSnapshotNum", kRead, with_filters<empty_count_of_domain, kSnapshotFilters>},
    {188, "virDomainSnapshotListNames", kRead, with_filters<empty_names_of_domain, kSnapshotFilters>},
    refused(189, "virDomainSnapshotLookupByName", kRead, Refusal::kSnapshots),
    {190, "virDomainHasCurrentSnapshot", kRead, with_filters<empty_count_of_domain, 0>},
    row<&Driver::block_info>(194, "virDomainGetBlockInfo", kRead, 0),
    row<&Driver::start>(196, "virDomainCreateWithFlags", kWrite, kStartFlags),
    refused(198, "virDomainGetMemoryParameters", kRead, Refusal::kTuning),
    row<&Driver::set_vcpus>(199, "virDomainSetVcpusFlags", kWrite, kImpact | VIR_DOMAIN_VCPU_MAXIMUM | VIR_DOMAIN_VCPU_GUEST | VIR_DOMAIN_VCPU_HOTPLUGGABLE),
    {200, "virDomainGetVcpusFlags", kRead, domain_get_vcpus_flags},
    {201, "virDomainOpenConsole", kWrite, domain_open_console},
    {202, "virDomainIsUpdated", kRead, domain_is_updated},
    row<&Driver::set_memory>(204, "virDomainSetMemoryFlags", kWrite, kImpact | VIR_DOMAIN_MEM_MAXIMUM),
    refused(206, "virDomainGetBlkioParameters", kRead, Refusal::kTuning),
    refused(210, "virDomainInjectNMI", kWrite, Refusal::kInterrupt),
    refused(211, "virDomainScreenshot", kWrite, Refusal::kScreen),
    row<&Driver::state>(212, "virDomainGetState", kRead, 0),
    row<&Driver::pin_vcpu>(225, "virDomainPinVcpuFlags", kWrite, kImpact),
    refused(226, "virDomainSendKey", kWrite, Refusal::kScreen),
    row<&Driver::control_info>(229, "virDomainGetControlInfo", kRead, 0),
    {230, "virDomainGetVcpuPinInfo", kRead, domain_get_vcpu_pin_info},
    row<&Driver::undefine>(231, "virDomainUndefineFlags", kWrite, kUndefineFlags),
    refused(232, "virDomainSaveFlags", kWrite, Refusal::kSaving),
    refused(233, "virDomainRestoreFlags", kWrite, Refusal::kSaving),
    row<&Driver::destroy>(234, "virDomainDestroyFlags", kWrite, VIR_DOMAIN_DESTROY_GRACEFUL | kRemoveLogs),
    {243, "virDomainBlockStatsFlags", kRead, domain_block_stats_flags},
    row<&Driver::reset>(245, "virDomainReset", kWrite, 0),
    refused(255, "virDomainGetNumaParameters", kRead, Refusal::kTuning),
    row<&Driver::shutdown>(258, "virDomainShutdownFlags", kWrite, kShutdownModes),
    refused(261, "virDomainPMSuspendForDuration", kWrite, Refusal::kSleep),
    {262, "virDomainGetCPUStats", kRead, domain_get_cpu_stats},
    {263, "virDomainGetDiskErrors", kRead, domain_get_disk_errors},
    row<&Driver::set_metadata>(264, "virDomainSetMetadata", kWrite, kImpact),
    row<&Driver::metadata>(265, "virDomainGetMetadata", kRead, kImpact),
    refused(267, "virDomainPMWakeup", kWrite, Refusal::kSleep),
    {273, "virConnectListAllDomains", kRead, connect_list_all_domains},
    {274, "virDomainListAllSnapshots", kRead, with_filters<empty_list_of_domain, kSnapshotFilters>},
    row<&Driver::guest_hostname>(277, "virDomainGetHostname", kWrite, VIR_DOMAIN_GET_HOSTNAME_LEASE | VIR_DOMAIN_GET_HOSTNAME_AGENT),
    {278, "virDomainGetSecurityLabelList", kRead, domain_get_security_label_list},
    row<&Driver::pin_emulator>(279, "virDomainPinEmulator", kWrite, kImpact),
    {280, "virDomainGetEmulatorPinInfo", kRead, domain_get_emulator_pin_info},
    refused(281, "virConnectListAllStoragePools", kRead, Refusal::kStorage),
    refused(283, "virConnectListAllNetworks", kRead, Refusal::kNetworks),
    refused(284, "virConnectListAllInterfaces", kRead, Refusal::kHostInterfaces),
    refused(285, "virConnectListAllNodeDevices", kRead, Refusal::kHostDevices),
    refused(286, "virConnectListAllNWFilters", kRead, Refusal::kFilters),
    refused(287, "virConnectListAllSecrets", kRead, Refusal::kSecrets),
    {293, "virNodeGetCPUMap", kRead, node_get_cpu_map},
    row<&Driver::trim>(294, "virDomainFSTrim", kWrite, 0),
    {296, "virDomainOpenChannel", kWrite, domain_open_channel},
    {298, "virDomainGetJobStats", kRead, domain_get_job_stats},
    {316, "virConnectDomainEventRegisterAny", kRead, connect_domain_event_callback_register_any},
    {317, "virConnectDomainEventDeregisterAny", kRead, connect_domain_event_callback_deregister_any},
    row<&Driver::core_dump>(334, "virDomainCoreDumpWithFormat", kWrite, kLooksItself),
    row<&Driver::freeze>(335, "virDomainFSFreeze", kWrite, 0),
    row<&Driver::thaw>(336, "virDomainFSThaw", kWrite, 0),
    row<&Driver::guest_time>(337, "virDomainGetTime", kWrite, 0),
    row<&Driver::set_guest_time>(338, "virDomainSetTime", kWrite, VIR_DOMAIN_TIME_SYNC),
    row<&Driver::domain_capabilities>(342, "virConnectGetDomainCapabilities", kWrite, 0),
    {344, "virConnectGetAllDomainStats", kRead, connect_get_all_domain_stats},
    row<&Driver::guest_file_systems>(349, "virDomainGetFSInfo", kWrite, 0),
    row<&Driver::define>(350, "virDomainDefineXMLFlags", kWrite, VIR_DOMAIN_DEFINE_VALIDATE),
    {351, "virDomainGetIOThreadInfo", kRead, domain_get_iothread_info},
    {353, "virDomainInterfaceAddresses", kRead, domain_interface_addresses},
    row<&Driver::set_user_password>(357, "virDomainSetUserPassword", kWrite, VIR_DOMAIN_PASSWORD_ENCRYPTED),
    {358, "virDomainRename", kWrite, domain_rename},
    {360, "virConnectRegisterCloseCallback", kRead, connect_close_callback},
    {361, "virConnectUnregisterCloseCallback", kRead, connect_close_callback},
    refused(365, "virDomainGetPerfEvents", kRead, Refusal::kTuning),
    refused(371, "virDomainGetGuestVcpus", kWrite, Refusal::kAgent),
    row<&Driver::set_lifecycle_action>(390, "virDomainSetLifecycleAction", kWrite, kImpact),
    row<&Driver::detach_device_alias>(392, "virDomainDetachDeviceAlias", kWrite, kImpact),
    {395, "virNodeGetSEVInfo", kWrite, node_get_sev_info},
    {396, "virDomainGetLaunchSecurityInfo", kRead, domain_get_launch_security_info},
    refused(401, "virConnectListAllNWFilterBindings", kRead, Refusal::kFilters),
    refused(411, "virDomainCheckpointCreateXML", kWrite, Refusal::kSnapshots),
    {413, "virDomainListAllCheckpoints", kRead, with_filters<empty_list_of_domain, kCheckpointFilters>},
    row<&Driver::guest_info>(418, "virDomainGetGuestInfo", kWrite, 0),
    {419, "virConnectSetIdentity", kRead, connect_set_identity},
    {426, "virDomainGetMessages", kRead, domain_get_messages},
    refused(427, "virDomainStartDirtyRateCalc", kWrite, Refusal::kTuning),
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
