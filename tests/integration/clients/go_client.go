// SPDX-License-Identifier: LGPL-2.1-or-later
// go_client SOCKET: commands for go-libvirt, which speaks libvirt's protocol by itself, line by line on standard input, each a JSON list of
// strings. An answer is a line "ok TEXT" or "refused CODE TEXT", TEXT in JSON; an event is a line "event NAME NUMBER" and comes at any time.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/digitalocean/go-libvirt"
)

var output sync.Mutex

func say(format string, values ...any) {
	output.Lock()
	defer output.Unlock()
	fmt.Printf(format+"\n", values...)
}

func quoted(text string) string {
	encoded, _ := json.Marshal(text)
	return string(encoded)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func list(client *libvirt.Libvirt) (string, error) {
	domains, _, err := client.ConnectListAllDomains(1, 0)
	names := make([]string, 0, len(domains))
	for _, domain := range domains {
		names = append(names, domain.Name)
	}
	return strings.Join(names, " "), err
}

// What is asked of one domain.
func ask(client *libvirt.Libvirt, command string, name string) (string, error) {
	domain, err := client.DomainLookupByName(name)
	if err != nil {
		return "", err
	}
	switch command {
	case "id":
		return fmt.Sprint(domain.ID), nil
	case "create":
		return "", client.DomainCreate(domain)
	case "start-paused":
		_, err = client.DomainCreateWithFlags(domain, uint32(libvirt.DomainStartPaused))
	case "state":
		var state, reason int32
		state, reason, err = client.DomainGetState(domain, 0)
		return fmt.Sprint(state, " ", reason), err
	case "xml":
		return client.DomainGetXMLDesc(domain, 0)
	case "suspend":
		return "", client.DomainSuspend(domain)
	case "destroy":
		return "", client.DomainDestroy(domain)
	case "undefine":
		return "", client.DomainUndefineFlags(domain, 0)
	default:
		err = errors.New("no such command: " + command)
	}
	return "", err
}

func answer(client *libvirt.Libvirt, words []string) (string, error) {
	switch words[0] {
	case "uri":
		return client.ConnectGetUri()
	case "list":
		return list(client)
	case "define":
		domain, err := client.DomainDefineXMLFlags(words[1], 0)
		return domain.Name, err
	}
	return ask(client, words[0], words[1])
}

func main() {
	connection, err := net.DialTimeout("unix", os.Args[1], 5*time.Second)
	check(err)
	client := libvirt.New(connection)
	check(client.ConnectToURI("sev:///system"))
	events, err := client.LifecycleEvents(context.Background())
	check(err)
	go func() {
		for event := range events {
			say("event %s %d", event.Dom.Name, event.Event)
		}
	}()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var words []string
		check(json.Unmarshal(lines.Bytes(), &words))
		text, err := answer(client, words)
		var refused libvirt.Error
		switch {
		case err == nil:
			say("ok %s", quoted(text))
		case errors.As(err, &refused):
			say("refused %d %s", refused.Code, quoted(refused.Message))
		default:
			check(err)
		}
	}
	check(client.Disconnect())
}
