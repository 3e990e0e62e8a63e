// A peer on the libraries that agents and servers in the field are built with. It plays either role, well-behaved or
// hostile, for the tests of this repository: events leave as JSON lines, commands come in as JSON lines.
// Start at session.go for what a connection does, at commands.go for what it can be told to do.
package main

import (
	"fmt"
	"os"
	"strings"
)

// texts is a flag that can be given several times.
type texts []string

func (t *texts) String() string     { return strings.Join(*t, ",") }
func (t *texts) Set(s string) error { *t = append(*t, s); return nil }

func (t texts) contains(text string) bool {
	for _, one := range t {
		if one == text {
			return true
		}
	}
	return false
}

func main() {
	if err := start(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func start(arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf("usage: peer agent|server FLAGS")
	}
	out := newEvents(os.Stdout)
	all := &sessions{}
	go func() {
		obey(os.Stdin, all, out)
		os.Exit(0) // whoever started this program is gone
	}()
	switch arguments[0] {
	case "agent":
		options, err := agentFlags(arguments[1:])
		if err != nil {
			return err
		}
		return runAgent(options, all, out)
	case "server":
		options, err := serverFlags(arguments[1:])
		if err != nil {
			return err
		}
		return runServer(options, all, out)
	default:
		return fmt.Errorf("unknown role %q", arguments[0])
	}
}
