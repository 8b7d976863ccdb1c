// SPDX-License-Identifier: LGPL-2.1-or-later
// go_client SOCKET: what go-libvirt, which speaks the protocol by itself, sees of rpc_test_server.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/digitalocean/go-libvirt"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	connection, err := net.DialTimeout("unix", os.Args[1], 5*time.Second)
	check(err)
	client := libvirt.New(connection)
	check(client.ConnectToURI("sev:///system"))
	domains, _, err := client.ConnectListAllDomains(1, 0)
	check(err)
	for _, domain := range domains {
		fmt.Println(domain.Name, domain.ID)
	}
	events, err := client.LifecycleEvents(context.Background())
	check(err)
	check(client.DomainCreate(domains[0]))
	event := <-events
	fmt.Println("event", event.Dom.Name, event.Event)
	state, _, err := client.DomainGetState(domains[0], 0)
	check(err)
	if libvirt.DomainState(state) == libvirt.DomainRunning {
		fmt.Println("running")
	}
	check(client.DomainDestroy(domains[0]))
	if failure, ok := client.DomainSuspend(domains[0]).(libvirt.Error); ok {
		fmt.Println("refused:", failure.Code)
	}
	check(client.Disconnect())
}
