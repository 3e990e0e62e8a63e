package main

import (
	"net"
)

// openTunnel listens and leads every visitor through a channel of its own to the agent's target.
// The listener lives as long as the connection.
func (s *session) openTunnel(listen, target string) (fields, error) {
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, err
	}
	go func() {
		// The error is why the connection ended; its own event says so.
		_ = s.conn.Wait()
		listener.Close()
	}()
	go func() {
		for {
			visitor, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serveVisitor(visitor, target)
		}
	}()
	return fields{"port": listener.Addr().(*net.TCPAddr).Port}, nil
}

func (s *session) serveVisitor(visitor net.Conn, target string) {
	defer visitor.Close()
	id := s.nameChannel()
	s.sent("channel-open", fields{"ch": id, "name": "rport", "payloadText": target})
	channel, requests, err := s.conn.OpenChannel("rport", []byte(target))
	if err != nil {
		s.received("channel-open-failure", fields{"ch": id, "payloadText": err.Error()})
		return
	}
	// Kept before it is told: a command may follow at once.
	s.keepChannel(id, channel)
	s.received("channel-open-confirm", fields{"ch": id})
	s.join(id, channel, requests, visitor)
}
