package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/crypto/ssh"
)

const subProtocol = "rport-v1"

type agentOptions struct {
	url, auth, fingerprint      string
	proxy                       string
	id, session, name           string
	version, patch              string
	remotes, denied             texts
	keepAlive, settle, comeBack time.Duration
	habits                      texts
	traceData                   bool
}

func agentFlags(arguments []string) (agentOptions, error) {
	o := agentOptions{}
	set := flag.NewFlagSet("agent", flag.ContinueOnError)
	set.StringVar(&o.url, "url", "", "ws:// URL of the server")
	set.StringVar(&o.auth, "auth", "", "id:password")
	set.StringVar(&o.fingerprint, "fingerprint", "", "start of the server's fingerprint; empty accepts every key")
	set.StringVar(&o.proxy, "proxy", "", "http:// or socks5:// URL of a proxy, with user and password")
	set.StringVar(&o.id, "id", "peer", "client id")
	set.StringVar(&o.session, "session", randomUUID(), "session id, kept over reconnects")
	set.StringVar(&o.name, "name", "", "client name")
	set.StringVar(&o.version, "version", "0.9.12", "version text")
	set.StringVar(&o.patch, "patch", "", "JSON object whose keys replace those of the registration")
	set.Var(&o.remotes, "remote", "static tunnel lport:rhost:rport, empty lport for any; repeatable")
	set.Var(&o.denied, "deny", "host:port that check_tunnel_allowed and channels are refused for; repeatable")
	set.DurationVar(&o.keepAlive, "keep-alive", 0, "time between pings; 0 sends none")
	set.DurationVar(&o.settle, "settle", 0, "pause between login and registration")
	set.DurationVar(&o.comeBack, "come-back", 0, "pause before connecting again; 0 ends the program with the connection")
	set.Var(&o.habits, "habit", "misbehaviour, see session.go; repeatable")
	set.BoolVar(&o.traceData, "trace-data", false, "report what goes through channels")
	return o, set.Parse(arguments)
}

// runAgent connects until it is told to stop coming back.
func runAgent(o agentOptions, all *sessions, out *events) error {
	habits, err := parseHabits(o.habits)
	if err != nil {
		return err
	}
	for number := 1; ; number++ {
		err := connectOnce(o, habits, number, all, out)
		out.emit(fields{"event": "closed", "conn": number, "error": errorText(err)})
		if o.comeBack == 0 {
			return nil
		}
		time.Sleep(o.comeBack)
	}
}

func connectOnce(o agentOptions, habits habits, number int, all *sessions, out *events) error {
	wire, err := dial(o, number, out)
	if err != nil {
		return err
	}
	defer wire.Close()
	conn, channels, requests, err := login(o, wire, number, out)
	if err != nil {
		return err
	}
	s := &session{
		number: number, link: wire, conn: conn, out: out, habits: habits,
		sends: toServer, receives: toAgent, traceData: o.traceData,
	}
	all.add(s)
	defer all.remove(number)
	out.emit(fields{"event": "logged-in", "conn": number})
	registered := make(chan struct{})
	go s.serveRequests(orderAfter(registered, requests), func(r *ssh.Request) answer { return agentAnswer(o, r) })
	go func() {
		for open := range channels {
			go s.serveTarget(o, open)
		}
	}()
	time.Sleep(o.settle)
	if !habits.silent {
		if err := register(o, s); err != nil {
			return err
		}
		close(registered)
	}
	if habits.deaf {
		wire.stopReading()
	}
	stop := make(chan struct{})
	defer close(stop)
	go s.keepAlive(o.keepAlive, stop)
	return conn.Wait()
}

// orderAfter holds put_capabilities back until the reply to the registration has been reported: the library hands
// replies and requests over on two paths, and the events should tell them in the order of the wire.
func orderAfter(registered <-chan struct{}, requests <-chan *ssh.Request) <-chan *ssh.Request {
	ordered := make(chan *ssh.Request)
	go func() {
		defer close(ordered)
		for request := range requests {
			if request.Type == "put_capabilities" {
				select {
				case <-registered:
				case <-time.After(300 * time.Millisecond):
				}
			}
			ordered <- request
		}
	}()
	return ordered
}

func register(o agentOptions, s *session) error {
	document, err := registration(o)
	if err != nil {
		return err
	}
	s.sent("global-request", with(fields{"name": "new_connection", "wantReply": true}, payload(document)))
	ok, body, err := s.conn.SendRequest("new_connection", true, document)
	if err != nil {
		return err
	}
	s.received("reply", with(fields{"name": "new_connection", "ok": ok}, payload(body)))
	s.out.emit(with(fields{"event": "registered", "conn": s.number, "ok": ok}, payload(body)))
	return nil
}

func dial(o agentOptions, number int, out *events) (*link, error) {
	dialer := websocket.Dialer{ReadBufferSize: frameBuffer, WriteBufferSize: frameBuffer, HandshakeTimeout: 30 * time.Second}
	if o.proxy != "" {
		way, err := url.Parse(o.proxy)
		if err != nil {
			return nil, err
		}
		dialer.Proxy = http.ProxyURL(way)
	}
	header := http.Header{"Sec-WebSocket-Protocol": {subProtocol}, "User-Agent": {"rport " + o.version}}
	ws, response, err := dialer.Dial(o.url, header)
	if response != nil {
		out.message(number, toAgent, "http-response", fields{"name": response.Status, "status": response.StatusCode})
	}
	if err != nil {
		return nil, err
	}
	return newLink(ws,
		func(line string) { out.message(number, toAgent, "ssh-ident", fields{"name": line}) },
		func(line string) { out.message(number, toServer, "ssh-ident", fields{"name": line}) },
	), nil
}

func login(o agentOptions, wire *link, number int, out *events) (ssh.Conn, <-chan ssh.NewChannel, <-chan *ssh.Request, error) {
	user, password, _ := strings.Cut(o.auth, ":")
	asked := false
	config := &ssh.ClientConfig{
		User:          user,
		ClientVersion: "SSH-rport-v1-client",
		// The library tries `none` first and asks for the password when that has failed.
		Auth: []ssh.AuthMethod{ssh.PasswordCallback(func() (string, error) {
			asked = true
			out.message(number, toServer, "auth", fields{"name": "none", "user": user})
			out.message(number, toAgent, "auth-reply", fields{"name": "none", "ok": false})
			out.message(number, toServer, "auth", fields{"name": "password", "user": user})
			return password, nil
		})},
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			if got := fingerprint(key); !strings.HasPrefix(got, o.fingerprint) {
				return fmt.Errorf("invalid fingerprint (%s)", got)
			}
			return nil
		},
	}
	conn, channels, requests, err := ssh.NewClientConn(wire, "", config)
	if asked {
		out.message(number, toAgent, "auth-reply", fields{"name": "password", "ok": err == nil})
	}
	return conn, channels, requests, err
}

func (s *session) keepAlive(period time.Duration, stop <-chan struct{}) {
	if period <= 0 {
		return
	}
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			if err := s.ask("ping", nil, true, 30*time.Second); err != nil {
				s.link.Close()
				return
			}
		}
	}
}

// agentAnswer is what an honest agent replies.
func agentAnswer(o agentOptions, request *ssh.Request) answer {
	var question struct {
		Remote, HostPort string
		Timeout          time.Duration
	}
	switch request.Type {
	case "ping":
		return answer{ok: true}
	case "put_capabilities":
		return answer{ok: true, body: []byte("null")}
	case "check_tunnel_allowed":
		if err := json.Unmarshal(request.Payload, &question); err != nil {
			return answer{body: []byte(err.Error())}
		}
		return jsonAnswer(fields{"IsAllowed": !o.denied.contains(question.Remote)})
	case "check_port":
		if err := json.Unmarshal(request.Payload, &question); err != nil {
			return answer{body: []byte(err.Error())}
		}
		socket, err := net.DialTimeout("tcp", question.HostPort, question.Timeout)
		if err != nil {
			return jsonAnswer(fields{"Open": false, "ErrMsg": err.Error()})
		}
		socket.Close()
		return jsonAnswer(fields{"Open": true, "ErrMsg": ""})
	default:
		return answer{body: []byte("unknown request")}
	}
}

func jsonAnswer(value fields) answer {
	body, err := json.Marshal(value)
	if err != nil {
		return answer{body: []byte(err.Error())}
	}
	return answer{ok: true, body: body}
}

// serveTarget confirms the channel first and dials afterwards, as agents in the field do.
func (s *session) serveTarget(o agentOptions, open ssh.NewChannel) {
	target := string(open.ExtraData())
	id := s.nameChannel()
	s.received("channel-open", fields{"ch": id, "name": open.ChannelType(), "payloadText": target})
	if s.habits.neverConfirm {
		return
	}
	if o.denied.contains(target) {
		text := `not allowed with "tunnel_allowed" config`
		s.sent("channel-open-failure", fields{"ch": id, "payloadText": text})
		_ = open.Reject(ssh.Prohibited, text) // the connection's end is reported elsewhere
		return
	}
	channel, requests, err := open.Accept()
	if err != nil {
		return
	}
	// Kept before it is told: a command may follow at once.
	s.keepChannel(id, channel)
	s.sent("channel-open-confirm", fields{"ch": id})
	socket, err := net.Dial("tcp", strings.TrimSuffix(target, "/tcp"))
	if err != nil {
		drained := make(chan struct{})
		close(drained) // nobody reads from this channel
		closed := s.watchClose(id, channel, requests, drained)
		s.closeChannel(id, channel)
		<-closed
		return
	}
	s.join(id, channel, requests, socket)
}

func randomUUID() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func errorText(err error) string {
	if err == nil || errors.Is(err, io.EOF) {
		return ""
	}
	return err.Error()
}
