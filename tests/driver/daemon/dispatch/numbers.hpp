// SPDX-License-Identifier: LGPL-2.1-or-later
// Numbers of libvirt's procedures (REMOTE_PROC_*, src/remote/remote_protocol.x), which a client sends: the
// table of procedures is held against them.
#pragma once

#include <cstdint>
#include <iterator>

namespace virtsev::daemon::test {

inline constexpr std::int32_t kConnectOpen = 1;
inline constexpr std::int32_t kConnectClose = 2;
inline constexpr std::int32_t kConnectGetType = 3;
inline constexpr std::int32_t kConnectGetVersion = 4;
inline constexpr std::int32_t kConnectGetMaxVcpus = 5;
inline constexpr std::int32_t kNodeGetInfo = 6;
inline constexpr std::int32_t kConnectGetCapabilities = 7;
inline constexpr std::int32_t kDomainAttachDevice = 8;
inline constexpr std::int32_t kDomainCreate = 9;
inline constexpr std::int32_t kDomainCreateXML = 10;
inline constexpr std::int32_t kDomainDefineXML = 11;
inline constexpr std::int32_t kDomainDestroy = 12;
inline constexpr std::int32_t kDomainDetachDevice = 13;
inline constexpr std::int32_t kDomainGetXMLDesc = 14;
inline constexpr std::int32_t kDomainGetAutostart = 15;
inline constexpr std::int32_t kDomainGetInfo = 16;
inline constexpr std::int32_t kDomainGetMaxMemory = 17;
inline constexpr std::int32_t kDomainGetMaxVcpus = 18;
inline constexpr std::int32_t kDomainGetOSType = 19;
inline constexpr std::int32_t kDomainGetVcpus = 20;
inline constexpr std::int32_t kConnectListDefinedDomains = 21;
inline constexpr std::int32_t kDomainLookupByID = 22;
inline constexpr std::int32_t kDomainLookupByName = 23;
inline constexpr std::int32_t kDomainLookupByUUID = 24;
inline constexpr std::int32_t kConnectNumOfDefinedDomains = 25;
inline constexpr std::int32_t kDomainPinVcpu = 26;
inline constexpr std::int32_t kDomainReboot = 27;
inline constexpr std::int32_t kDomainResume = 28;
inline constexpr std::int32_t kDomainSetAutostart = 29;
inline constexpr std::int32_t kDomainSetMaxMemory = 30;
inline constexpr std::int32_t kDomainSetMemory = 31;
inline constexpr std::int32_t kDomainSetVcpus = 32;
inline constexpr std::int32_t kDomainShutdown = 33;
inline constexpr std::int32_t kDomainSuspend = 34;
inline constexpr std::int32_t kDomainUndefine = 35;
inline constexpr std::int32_t kConnectListDefinedNetworks = 36;
inline constexpr std::int32_t kConnectListDomains = 37;
inline constexpr std::int32_t kConnectListNetworks = 38;
inline constexpr std::int32_t kConnectNumOfDefinedNetworks = 50;
inline constexpr std::int32_t kConnectNumOfDomains = 51;
inline constexpr std::int32_t kConnectNumOfNetworks = 52;
inline constexpr std::int32_t kDomainCoreDump = 53;
inline constexpr std::int32_t kDomainRestore = 54;
inline constexpr std::int32_t kDomainSave = 55;
inline constexpr std::int32_t kDomainGetSchedulerType = 56;
inline constexpr std::int32_t kConnectGetHostname = 59;
inline constexpr std::int32_t kConnectSupportsFeature = 60;
inline constexpr std::int32_t kDomainBlockStats = 64;
inline constexpr std::int32_t kDomainInterfaceStats = 65;
inline constexpr std::int32_t kAuthList = 66;
inline constexpr std::int32_t kAuthPolkit = 70;
inline constexpr std::int32_t kConnectNumOfStoragePools = 71;
inline constexpr std::int32_t kConnectListStoragePools = 72;
inline constexpr std::int32_t kConnectNumOfDefinedStoragePools = 73;
inline constexpr std::int32_t kConnectListDefinedStoragePools = 74;
inline constexpr std::int32_t kStorageVolLookupByPath = 97;
inline constexpr std::int32_t kNodeGetCellsFreeMemory = 101;
inline constexpr std::int32_t kNodeGetFreeMemory = 102;
inline constexpr std::int32_t kDomainMemoryPeek = 104;
inline constexpr std::int32_t kConnectGetURI = 110;
inline constexpr std::int32_t kNodeNumOfDevices = 111;
inline constexpr std::int32_t kNodeListDevices = 112;
inline constexpr std::int32_t kDomainGetSecurityLabel = 121;
inline constexpr std::int32_t kNodeGetSecurityModel = 122;
inline constexpr std::int32_t kConnectNumOfInterfaces = 126;
inline constexpr std::int32_t kConnectListInterfaces = 127;
inline constexpr std::int32_t kConnectDomainXMLFromNative = 135;
inline constexpr std::int32_t kConnectDomainXMLToNative = 136;
inline constexpr std::int32_t kConnectNumOfDefinedInterfaces = 137;
inline constexpr std::int32_t kConnectListDefinedInterfaces = 138;
inline constexpr std::int32_t kConnectNumOfSecrets = 139;
inline constexpr std::int32_t kConnectListSecrets = 140;
inline constexpr std::int32_t kConnectIsSecure = 149;
inline constexpr std::int32_t kDomainIsActive = 150;
inline constexpr std::int32_t kDomainIsPersistent = 151;
inline constexpr std::int32_t kConnectGetLibVersion = 157;
inline constexpr std::int32_t kDomainMemoryStats = 159;
inline constexpr std::int32_t kDomainAttachDeviceFlags = 160;
inline constexpr std::int32_t kDomainDetachDeviceFlags = 161;
inline constexpr std::int32_t kDomainGetJobInfo = 163;
inline constexpr std::int32_t kDomainAbortJob = 164;
inline constexpr std::int32_t kDomainUpdateDeviceFlags = 174;
inline constexpr std::int32_t kConnectNumOfNWFilters = 178;
inline constexpr std::int32_t kDomainManagedSave = 182;
inline constexpr std::int32_t kDomainHasManagedSaveImage = 183;
inline constexpr std::int32_t kDomainSnapshotCreateXML = 185;
inline constexpr std::int32_t kDomainSnapshotNum = 187;
inline constexpr std::int32_t kDomainSnapshotListNames = 188;
inline constexpr std::int32_t kDomainSnapshotLookupByName = 189;
inline constexpr std::int32_t kDomainHasCurrentSnapshot = 190;
inline constexpr std::int32_t kDomainGetBlockInfo = 194;
inline constexpr std::int32_t kDomainCreateWithFlags = 196;
inline constexpr std::int32_t kDomainGetMemoryParameters = 198;
inline constexpr std::int32_t kDomainSetVcpusFlags = 199;
inline constexpr std::int32_t kDomainGetVcpusFlags = 200;
inline constexpr std::int32_t kDomainOpenConsole = 201;
inline constexpr std::int32_t kDomainSetMemoryFlags = 204;
inline constexpr std::int32_t kDomainGetBlkioParameters = 206;
inline constexpr std::int32_t kDomainInjectNMI = 210;
inline constexpr std::int32_t kDomainScreenshot = 211;
inline constexpr std::int32_t kDomainGetState = 212;
inline constexpr std::int32_t kDomainPinVcpuFlags = 225;
inline constexpr std::int32_t kDomainSendKey = 226;
inline constexpr std::int32_t kDomainGetControlInfo = 229;
inline constexpr std::int32_t kDomainGetVcpuPinInfo = 230;
inline constexpr std::int32_t kDomainUndefineFlags = 231;
inline constexpr std::int32_t kDomainSaveFlags = 232;
inline constexpr std::int32_t kDomainRestoreFlags = 233;
inline constexpr std::int32_t kDomainDestroyFlags = 234;
inline constexpr std::int32_t kDomainBlockStatsFlags = 243;
inline constexpr std::int32_t kDomainReset = 245;
inline constexpr std::int32_t kDomainGetNumaParameters = 255;
inline constexpr std::int32_t kDomainShutdownFlags = 258;
inline constexpr std::int32_t kDomainPMSuspendForDuration = 261;
inline constexpr std::int32_t kDomainGetCPUStats = 262;
inline constexpr std::int32_t kDomainGetDiskErrors = 263;
inline constexpr std::int32_t kDomainSetMetadata = 264;
inline constexpr std::int32_t kDomainGetMetadata = 265;
inline constexpr std::int32_t kDomainPMWakeup = 267;
inline constexpr std::int32_t kConnectListAllDomains = 273;
inline constexpr std::int32_t kDomainListAllSnapshots = 274;
inline constexpr std::int32_t kDomainGetHostname = 277;
inline constexpr std::int32_t kDomainGetSecurityLabelList = 278;
inline constexpr std::int32_t kDomainPinEmulator = 279;
inline constexpr std::int32_t kDomainGetEmulatorPinInfo = 280;
inline constexpr std::int32_t kConnectListAllStoragePools = 281;
inline constexpr std::int32_t kConnectListAllNetworks = 283;
inline constexpr std::int32_t kConnectListAllInterfaces = 284;
inline constexpr std::int32_t kConnectListAllNodeDevices = 285;
inline constexpr std::int32_t kConnectListAllNWFilters = 286;
inline constexpr std::int32_t kConnectListAllSecrets = 287;
inline constexpr std::int32_t kNodeGetCPUMap = 293;
inline constexpr std::int32_t kDomainFSTrim = 294;
inline constexpr std::int32_t kDomainOpenChannel = 296;
inline constexpr std::int32_t kDomainGetJobStats = 298;
inline constexpr std::int32_t kConnectDomainEventRegisterAny = 316;
inline constexpr std::int32_t kConnectDomainEventDeregisterAny = 317;
inline constexpr std::int32_t kDomainCoreDumpWithFormat = 334;
inline constexpr std::int32_t kDomainFSFreeze = 335;
inline constexpr std::int32_t kDomainFSThaw = 336;
inline constexpr std::int32_t kDomainGetTime = 337;
inline constexpr std::int32_t kDomainSetTime = 338;
inline constexpr std::int32_t kConnectGetDomainCapabilities = 342;
inline constexpr std::int32_t kConnectGetAllDomainStats = 344;
inline constexpr std::int32_t kDomainGetFSInfo = 349;
inline constexpr std::int32_t kDomainDefineXMLFlags = 350;
inline constexpr std::int32_t kDomainGetIOThreadInfo = 351;
inline constexpr std::int32_t kDomainInterfaceAddresses = 353;
inline constexpr std::int32_t kDomainSetUserPassword = 357;
inline constexpr std::int32_t kDomainRename = 358;
inline constexpr std::int32_t kConnectRegisterCloseCallback = 360;
inline constexpr std::int32_t kConnectUnregisterCloseCallback = 361;
inline constexpr std::int32_t kDomainGetPerfEvents = 365;
inline constexpr std::int32_t kDomainGetGuestVcpus = 371;
inline constexpr std::int32_t kDomainSetLifecycleAction = 390;
inline constexpr std::int32_t kDomainDetachDeviceAlias = 392;
inline constexpr std::int32_t kNodeGetSEVInfo = 395;
inline constexpr std::int32_t kDomainGetLaunchSecurityInfo = 396;
inline constexpr std::int32_t kConnectListAllNWFilterBindings = 401;
inline constexpr std::int32_t kDomainCheckpointCreateXML = 411;
inline constexpr std::int32_t kDomainListAllCheckpoints = 413;
inline constexpr std::int32_t kDomainGetGuestInfo = 418;
inline constexpr std::int32_t kConnectSetIdentity = 419;
inline constexpr std::int32_t kDomainGetMessages = 426;
inline constexpr std::int32_t kDomainStartDirtyRateCalc = 427;
inline constexpr std::int32_t kDomainSetLaunchSecurityState = 439;

/// What libvirt's stock clients need (the 78 procedures without which virsh, virt-manager or virt-install
/// fail).
inline constexpr std::int32_t kNeeded[] = {kConnectOpen,
                                           kConnectClose,
                                           kConnectGetType,
                                           kConnectGetVersion,
                                           kNodeGetInfo,
                                           kConnectGetCapabilities,
                                           kDomainCreate,
                                           kDomainCreateXML,
                                           kDomainDefineXML,
                                           kDomainDestroy,
                                           kDomainGetXMLDesc,
                                           kDomainGetAutostart,
                                           kDomainGetInfo,
                                           kDomainGetMaxMemory,
                                           kDomainGetMaxVcpus,
                                           kDomainGetOSType,
                                           kDomainGetVcpus,
                                           kConnectListDefinedDomains,
                                           kDomainLookupByID,
                                           kDomainLookupByName,
                                           kDomainLookupByUUID,
                                           kConnectNumOfDefinedDomains,
                                           kDomainReboot,
                                           kDomainResume,
                                           kDomainSetAutostart,
                                           kDomainShutdown,
                                           kDomainSuspend,
                                           kDomainUndefine,
                                           kConnectListDefinedNetworks,
                                           kConnectListDomains,
                                           kConnectListNetworks,
                                           kConnectNumOfDefinedNetworks,
                                           kConnectNumOfDomains,
                                           kConnectNumOfNetworks,
                                           kConnectGetHostname,
                                           kConnectSupportsFeature,
                                           kAuthList,
                                           kAuthPolkit,
                                           kConnectNumOfStoragePools,
                                           kConnectListStoragePools,
                                           kConnectNumOfDefinedStoragePools,
                                           kConnectListDefinedStoragePools,
                                           kConnectGetURI,
                                           kDomainGetSecurityLabel,
                                           kNodeGetSecurityModel,
                                           kConnectIsSecure,
                                           kDomainIsActive,
                                           kDomainIsPersistent,
                                           kConnectGetLibVersion,
                                           kDomainMemoryStats,
                                           kConnectNumOfNWFilters,
                                           kDomainHasManagedSaveImage,
                                           kDomainSnapshotNum,
                                           kDomainCreateWithFlags,
                                           kDomainOpenConsole,
                                           kDomainGetState,
                                           kDomainUndefineFlags,
                                           kDomainDestroyFlags,
                                           kDomainReset,
                                           kDomainShutdownFlags,
                                           kDomainSetMetadata,
                                           kDomainGetMetadata,
                                           kConnectListAllDomains,
                                           kDomainListAllSnapshots,
                                           kConnectListAllStoragePools,
                                           kNodeGetCPUMap,
                                           kConnectDomainEventRegisterAny,
                                           kConnectDomainEventDeregisterAny,
                                           kConnectGetDomainCapabilities,
                                           kConnectGetAllDomainStats,
                                           kDomainDefineXMLFlags,
                                           kDomainRename,
                                           kConnectRegisterCloseCallback,
                                           kConnectUnregisterCloseCallback,
                                           kNodeGetSEVInfo,
                                           kDomainGetLaunchSecurityInfo,
                                           kDomainGetMessages,
                                           kDomainSetLaunchSecurityState};
static_assert(std::size(kNeeded) == 78);

}  // namespace virtsev::daemon::test
