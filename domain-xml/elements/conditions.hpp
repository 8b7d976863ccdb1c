// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether an element that is not done asks for anything beside what the guest has in any case.
#pragma once

#include <libxml/tree.h>

namespace virtsev::domain_xml {

/// <currentMemory>: the guest has all of <memory> from the start.
bool is_less_than_memory(const xmlNode* element);
bool is_not_zero(const xmlNode* element);
/// <topology>: the guest sees one socket, and each vCPU as a core of its own.
bool is_not_one_row_of_cores(const xmlNode* element);
/// <vcpupin>: of a vCPU that the guest does not have.
bool is_of_no_vcpu(const xmlNode* element);
/// <timer>: there are a CMOS clock, the TSC and KVM's clock, none of which can be set up; others there are
/// not.
bool is_not_a_timer_of_the_machine(const xmlNode* element);
/// <emulator>: the configured monitor runs the guest.
bool is_not_virtsevs_monitor(const xmlNode* element);
/// <event enabled='yes'/>
bool is_enabled(const xmlNode* element);
/// Balloons whose model is not "none".
bool has_a_model(const xmlNode* element);
/// <audio> and <seclabel> whose type is not "none".
bool has_a_type(const xmlNode* element);
/// The same, but for the controller that ports are on, and root ports with a slot.
bool is_unused_controller(const xmlNode* element);
/// Within the <console> that stands for the serial port, and is no port of that controller.
bool is_the_serial_ports(const xmlNode* element);
/// <video> of another model than "none".
bool is_a_screen(const xmlNode* element);
/// <interface><model>: of emulated hardware, for which a virtio device stands.
bool is_not_virtio(const xmlNode* element);

}  // namespace virtsev::domain_xml
