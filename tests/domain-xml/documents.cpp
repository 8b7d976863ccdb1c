// SPDX-License-Identifier: LGPL-2.1-or-later
#include "documents.hpp"

namespace virtsev::domain_xml::test {
namespace {

// virt-install 4.1 --connect sev:///system --name built --memory 1024 --vcpus 2 --osinfo generic --machine
// q35 --boot kernel=...,initrd=...,kernel_args=console=ttyS0 --import --disk none --graphics none --network
// none --xml
// ./launchSecurity/@type=sev --xml ./launchSecurity/policy=0x07: to a driver that it does not know it gives
// no virtio devices, but PCI root ports.
constexpr const char* kVirtInstall = R"(<domain type="kvm">
  <name>built</name>
  <uuid>d66b7350-5f8f-400a-9ab1-10f136672782</uuid>
  <memory>1048576</memory>
  <currentMemory>1048576</currentMemory>
  <vcpu>2</vcpu>
  <os>
    <type arch="x86_64" machine="q35">hvm</type>
    <kernel>/boot/vmlinuz</kernel>
    <initrd>/boot/initrd.img</initrd>
    <cmdline>console=ttyS0</cmdline>
  </os>
  <features>
    <acpi/>
    <apic/>
  </features>
  <clock offset="utc"/>
  <devices>
    <emulator>/usr/libexec/virtsev-vmm</emulator>
    <controller type="pci" model="pcie-root"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <console type="pty"/>
  </devices>
  <launchSecurity type="sev">
    <policy>0x07</policy>
  </launchSecurity>
</domain>
)";

// The same with --cpu host-passthrough --vcpus 2,cores=2 --controller type=usb,model=none --memballoon none
// --serial pty
// --events on_reboot=destroy --metadata title=hello,description=x.
constexpr const char* kVirtInstallOptions = R"(<domain type="kvm">
  <name>built-by-options</name>
  <uuid>08866e68-0cae-4d45-8b3c-81e5ebbba94a</uuid>
  <title>hello</title>
  <description>x</description>
  <memory>1048576</memory>
  <currentMemory>1048576</currentMemory>
  <vcpu>2</vcpu>
  <os>
    <type arch="x86_64" machine="q35">hvm</type>
    <kernel>/boot/vmlinuz</kernel>
  </os>
  <features>
    <acpi/>
    <apic/>
  </features>
  <cpu mode="host-passthrough">
    <topology sockets="1" dies="1" cores="2" threads="1"/>
  </cpu>
  <clock offset="utc"/>
  <on_reboot>destroy</on_reboot>
  <devices>
    <emulator>/usr/libexec/virtsev-vmm</emulator>
    <controller type="usb" model="none"/>
    <controller type="pci" model="pcie-root"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <controller type="pci" model="pcie-root-port"/>
    <serial type="pty"/>
    <memballoon model="none"/>
  </devices>
  <launchSecurity type="sev">
    <policy>0x07</policy>
  </launchSecurity>
</domain>
)";

// virt-manager's XML editor, with what its details page fills in.
constexpr const char* kVirtManager = R"(<domain type='kvm'>
  <name>gezeichnet-ü</name>
  <uuid>0a4bd4a4-1d0c-4b36-8df4-0c3a2f7f9c5e</uuid>
  <title>A guest &amp; its title</title>
  <description>Notes,
over two lines</description>
  <metadata>
    <libosinfo:libosinfo xmlns:libosinfo="http://libosinfo.org/xmlns/libvirt/domain/1.0">
      <libosinfo:os id="http://debian.org/debian/12"/>
    </libosinfo:libosinfo>
  </metadata>
  <memory unit='KiB'>2097152</memory>
  <currentMemory unit='KiB'>2097152</currentMemory>
  <memoryBacking>
    <locked/>
  </memoryBacking>
  <vcpu placement='static' current='4'>4</vcpu>
  <os>
    <type arch='x86_64' machine='virtsev-q35-1.0'>hvm</type>
    <kernel>/boot/vmlinuz</kernel>
    <boot dev='hd'/>
  </os>
  <features>
    <acpi/>
    <apic/>
    <vmport state='off'/>
  </features>
  <cpu mode='host-passthrough' check='none' migratable='on'>
    <topology sockets='1' dies='1' cores='2' threads='2'/>
  </cpu>
  <clock offset='utc'>
    <timer name='rtc' tickpolicy='catchup'/>
    <timer name='pit' tickpolicy='delay'/>
    <timer name='hpet' present='no'/>
  </clock>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <pm>
    <suspend-to-mem enabled='no'/>
    <suspend-to-disk enabled='no'/>
  </pm>
  <devices>
    <controller type='usb' index='0' model='none'/>
    <controller type='virtio-serial' index='0'>
      <address type='pci' domain='0x0000' bus='0x03' slot='0x00' function='0x0'/>
    </controller>
    <serial type='pty'>
      <target type='isa-serial' port='0'>
        <model name='isa-serial'/>
      </target>
    </serial>
    <console type='pty'>
      <target type='serial' port='0'/>
    </console>
    <input type='mouse' bus='ps2'/>
    <input type='keyboard' bus='ps2'/>
    <memballoon model='virtio'>
      <address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/>
    </memballoon>
  </devices>
  <launchSecurity type='sev'>
    <cbitpos>51</cbitpos>
    <reducedPhysBits>1</reducedPhysBits>
    <policy>0x0003</policy>
  </launchSecurity>
</domain>
)";

// virsh dumpxml of a running guest, given to virsh define.
constexpr const char* kVirshDumpxml = R"(<!--
WARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE
OVERWRITTEN AND LOST. Changes to this xml configuration should be made using:
  virsh edit running
or other application using the libvirt API.
-->

<domain type='kvm' id='12'>
  <name>running</name>
  <uuid>7f1d7b9e-4c75-4b7c-9a62-5d8f3b0c6e21</uuid>
  <memory unit='KiB'>524288</memory>
  <vcpu placement='static'>1</vcpu>
  <os>
    <type arch='x86_64' machine='virtsev-q35-1.0'>hvm</type>
    <kernel>/boot/vmlinuz</kernel>
  </os>
  <devices>
    <controller type='pci' index='0' model='pcie-root'>
      <alias name='pcie.0'/>
    </controller>
    <serial type='pty'>
      <source path='/dev/pts/3'/>
      <target type='isa-serial' port='0'>
        <model name='isa-serial'/>
      </target>
      <alias name='serial0'/>
    </serial>
    <console type='pty' tty='/dev/pts/3'>
      <source path='/dev/pts/3'/>
      <target type='serial' port='0'/>
      <alias name='serial0'/>
    </console>
  </devices>
  <launchSecurity type='sev' kernelHashes='yes'>
    <cbitpos>51</cbitpos>
    <reducedPhysBits>5</reducedPhysBits>
    <policy>0x0001</policy>
  </launchSecurity>
</domain>
)";

}  // namespace

std::vector<Written> documents_of_tools() {
  return {{"virt-install", kVirtInstall},
          {"virt-install with options", kVirtInstallOptions},
          {"virt-manager", kVirtManager},
          {"virsh dumpxml", kVirshDumpxml}};
}

}  // namespace virtsev::domain_xml::test
