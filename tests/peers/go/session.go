package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// habits are the ways in which a peer can misbehave by itself; what it does on demand is in commands.go.
type habits struct {
	silent       bool // agent: logs in and never registers; server: never answers a registration
	mute         bool // answers no request at all
	doublePong   bool // answers every ping twice
	neverConfirm bool // leaves every channel open undecided
	deaf         bool // stops reading once the connection stands
}

func parseHabits(names []string) (habits, error) {
	var h habits
	known := map[string]*bool{
		"silent": &h.silent, "mute": &h.mute, "double-pong": &h.doublePong,
		"never-confirm": &h.neverConfirm, "deaf": &h.deaf,
	}
	for _, name := range names {
		habit, ok := known[name]
		if !ok {
			return h, fmt.Errorf("unknown habit %q", name)
		}
		*habit = true
	}
	return h, nil
}

// session is one authenticated connection, seen from either side.
type session struct {
	number int
	link   *link
	conn   ssh.Conn
	out    *events
	habits habits
	// Directions of what this side sends and receives.
	sends, receives string
	traceData       bool

	mu       sync.Mutex
	channels map[string]ssh.Channel
	closed   map[string]bool // channels whose close this side sent first
	opened   int
}

func (s *session) sent(kind string, more fields)     { s.out.message(s.number, s.sends, kind, more) }
func (s *session) received(kind string, more fields) { s.out.message(s.number, s.receives, kind, more) }

func (s *session) addChannel(channel ssh.Channel) string {
	id := s.nameChannel()
	s.keepChannel(id, channel)
	return id
}

func (s *session) nameChannel() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened++
	return fmt.Sprintf("c%d", s.opened)
}

func (s *session) keepChannel(id string, channel ssh.Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.channels == nil {
		s.channels = map[string]ssh.Channel{}
	}
	s.channels[id] = channel
}

func (s *session) channel(id string) (ssh.Channel, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if channel, ok := s.channels[id]; ok {
		return channel, nil
	}
	return nil, fmt.Errorf("no channel %q", id)
}

func (s *session) dropChannel(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.channels, id)
}

var errNoReply = errors.New("no reply in time")

// ask sends one request and reports it and its reply.
func (s *session) ask(name string, body []byte, wantReply bool, limit time.Duration) error {
	s.sent("global-request", with(fields{"name": name, "wantReply": wantReply}, payload(body)))
	type answer struct {
		ok   bool
		body []byte
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		ok, body, err := s.conn.SendRequest(name, wantReply, body)
		answers <- answer{ok, body, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil || !wantReply {
			return a.err
		}
		s.received("reply", with(fields{"name": name, "ok": a.ok}, payload(a.body)))
		return nil
	case <-time.After(limit):
		return errNoReply
	}
}

// answer is what a role has to say to a request; none means that it stays silent.
type answer struct {
	none bool
	ok   bool
	body []byte
	// then is called when the reply has left; nil: nothing follows.
	then func()
}

// serveRequests answers one request after the other, as the programs in the field do.
func (s *session) serveRequests(requests <-chan *ssh.Request, decide func(request *ssh.Request) answer) {
	for request := range requests {
		s.received("global-request", with(fields{"name": request.Type, "wantReply": request.WantReply}, payload(request.Payload)))
		if s.habits.mute {
			continue
		}
		reply := decide(request)
		if reply.none || !request.WantReply {
			continue
		}
		times := 1
		if request.Type == "ping" && s.habits.doublePong {
			times = 2
		}
		for i := 0; i < times; i++ {
			s.sent("reply", with(fields{"name": request.Type, "ok": reply.ok}, payload(reply.body)))
			if err := request.Reply(reply.ok, reply.body); err != nil {
				return
			}
		}
		if reply.then != nil {
			reply.then()
		}
	}
}

// join carries bytes between a channel and a socket until either direction ends; then both are closed,
// for the programs in the field pass no half-close on. It returns when everything is over.
func (s *session) join(id string, channel ssh.Channel, requests <-chan *ssh.Request, socket net.Conn) {
	drained := make(chan struct{})
	peerClosed := s.watchClose(id, channel, requests, drained)
	ends := make(chan struct{}, 2)
	go func() {
		s.copyData(id, s.receives, socket, channel)
		close(drained)
		if !closeWasReceived(channel) {
			s.reportOpenEnd(id, channel, peerClosed)
		}
		ends <- struct{}{}
	}()
	go func() {
		s.copyData(id, s.sends, channel, socket)
		ends <- struct{}{}
	}()
	<-ends
	s.closeChannel(id, channel)
	socket.Close()
	<-ends
	<-peerClosed
	s.dropChannel(id)
}

// reportOpenEnd reports an end of data that came without a close.
func (s *session) reportOpenEnd(id string, channel ssh.Channel, peerClosed <-chan struct{}) {
	select {
	case <-peerClosed:
	case <-time.After(20 * time.Millisecond):
		if !closeWasReceived(channel) {
			s.received("channel-eof", fields{"ch": id})
		}
	}
}

// closeChannel closes a channel that the peer has not closed before.
func (s *session) closeChannel(id string, channel ssh.Channel) {
	if closeWasReceived(channel) {
		return
	}
	s.mu.Lock()
	if s.closed == nil {
		s.closed = map[string]bool{}
	}
	s.closed[id] = true
	s.mu.Unlock()
	s.sent("channel-close", fields{"ch": id})
	// An error means that the connection is gone, which is reported elsewhere.
	_ = channel.Close()
}

// watchClose refuses channel requests and reports the peer's close, after all that came before it has been `drained`:
// the library hands data and the close over on two paths. The result is closed when the channel is over.
func (s *session) watchClose(
	id string, channel ssh.Channel, requests <-chan *ssh.Request, drained <-chan struct{},
) <-chan struct{} {
	over := make(chan struct{})
	go func() {
		defer close(over)
		ssh.DiscardRequests(requests)
		<-drained
		if !closeWasReceived(channel) {
			return // the connection is gone, and its channels with it
		}
		s.received("channel-close", fields{"ch": id})
		s.mu.Lock()
		sentBefore := s.closed[id]
		s.mu.Unlock()
		if !sentBefore {
			s.sent("channel-close", fields{"ch": id}) // the library has answered at once
		}
	}()
	return over
}

func (s *session) copyData(id, dir string, to io.Writer, from io.Reader) {
	buffer := make([]byte, 32*1024)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if s.traceData {
				s.out.message(s.number, dir, "channel-data", fields{"ch": id, "text": string(buffer[:n])})
			}
			if _, failure := to.Write(buffer[:n]); failure != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
