package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// command is one line of standard input; its outcome is one `done` event with the same id.
type command struct {
	ID      int    `json:"id"`
	Do      string `json:"do"`
	Conn    int    `json:"conn"`
	Name    string `json:"name"`
	Payload string `json:"payload"`
	NoReply bool   `json:"noReply"`
	Channel string `json:"ch"`
	Type    string `json:"type"`
	Data    string `json:"data"`
	Hex     string `json:"hex"`
	Count   int    `json:"count"`
	Bytes   int    `json:"bytes"`
	Listen  string `json:"listen"`
	Target  string `json:"target"`
	LimitMs int    `json:"limitMs"`
}

func (c command) limit() time.Duration {
	if c.LimitMs > 0 {
		return time.Duration(c.LimitMs) * time.Millisecond
	}
	return 30 * time.Second
}

// sessions are the live connections by their number.
type sessions struct {
	mu     sync.Mutex
	live   map[int]*session
	latest int
}

func (s *sessions) add(one *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == nil {
		s.live = map[int]*session{}
	}
	s.live[one.number] = one
	s.latest = one.number
}

func (s *sessions) remove(number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, number)
}

// get finds a connection; 0 means the latest.
func (s *sessions) get(number int) (*session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if number == 0 {
		number = s.latest
	}
	if one, ok := s.live[number]; ok {
		return one, nil
	}
	return nil, fmt.Errorf("no connection %d", number)
}

// obey runs the commands of standard input side by side until it ends.
func obey(input io.Reader, all *sessions, out *events) {
	lines := bufio.NewScanner(input)
	lines.Buffer(make([]byte, 64*1024), 16*1024*1024)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			out.emit(fields{"event": "done", "id": 0, "error": "unreadable command: " + err.Error()})
			continue
		}
		go func() {
			result, err := run(c, all)
			event := with(fields{"event": "done", "id": c.ID}, result)
			if err != nil {
				event["error"] = err.Error()
			}
			out.emit(event)
		}()
	}
}

func run(c command, all *sessions) (fields, error) {
	s, err := all.get(c.Conn)
	if err != nil {
		return nil, err
	}
	switch c.Do {
	case "request":
		return nil, s.ask(c.Name, []byte(c.Payload), !c.NoReply, c.limit())
	case "close":
		return nil, s.link.Close()
	case "deaf":
		s.link.stopReading()
		return nil, nil
	case "open":
		return s.openByCommand(c)
	case "send", "eof", "close-channel", "overrun":
		return nil, s.useChannel(c)
	case "tunnel":
		return s.openTunnel(c.Listen, c.Target)
	default:
		return nil, s.attack(c)
	}
}

// openByCommand opens a channel and reports what arrives on it.
func (s *session) openByCommand(c command) (fields, error) {
	id := s.nameChannel()
	s.sent("channel-open", fields{"ch": id, "name": c.Type, "payloadText": c.Data})
	channel, requests, err := s.conn.OpenChannel(c.Type, []byte(c.Data))
	if err != nil {
		s.received("channel-open-failure", fields{"ch": id, "payloadText": err.Error()})
		return fields{"ch": id}, err
	}
	// Kept before it is told: a command may follow at once.
	s.keepChannel(id, channel)
	s.received("channel-open-confirm", fields{"ch": id})
	drained := make(chan struct{})
	s.watchClose(id, channel, requests, drained)
	go func() {
		s.copyData(id, s.receives, io.Discard, channel)
		close(drained)
	}()
	return fields{"ch": id}, nil
}

func (s *session) useChannel(c command) error {
	channel, err := s.channel(c.Channel)
	if err != nil {
		return err
	}
	switch c.Do {
	case "send":
		_, err = channel.Write([]byte(c.Data))
	case "eof":
		err = channel.CloseWrite()
	case "close-channel":
		s.closeChannel(c.Channel, channel)
	case "overrun":
		err = s.overrun(channel, c.Bytes)
	}
	return err
}

// attack does what no honest peer does.
func (s *session) attack(c command) error {
	raw, err := hex.DecodeString(c.Hex)
	if err != nil {
		return err
	}
	switch c.Do {
	case "bytes": // straight into the stream below SSH
		_, err = s.link.Write(raw)
	case "packet": // an SSH message of any content, correctly encrypted
		err = sendPacket(s.conn, raw)
	case "oversized": // one request of this many bytes
		err = sendPacket(s.conn, globalRequest("ping", true, bytes.Repeat([]byte{'x'}, c.Bytes)))
	case "half-packet": // the start of a packet, never its end
		_, err = s.link.Write([]byte{0, 0, 1, 0, 1, 2, 3, 4, 5, 6})
	case "flood-requests": // many questions, the replies of which nobody takes
		for i := 0; i < c.Count && err == nil; i++ {
			err = sendPacket(s.conn, globalRequest(c.Name, true, []byte(c.Payload)))
		}
	case "flood-channels":
		for i := 0; i < c.Count && err == nil; i++ {
			err = sendPacket(s.conn, channelOpen(c.Type, uint32(1000+i), c.Data))
		}
	default:
		err = fmt.Errorf("unknown command %q", c.Do)
	}
	return err
}

// overrun sends more than the peer's window allows.
func (s *session) overrun(channel ssh.Channel, total int) error {
	piece := bytes.Repeat([]byte{'w'}, 32*1024)
	for sent := 0; sent < total; sent += len(piece) {
		if err := sendPacket(s.conn, channelData(peerChannelID(channel), piece)); err != nil {
			return err
		}
	}
	return nil
}
