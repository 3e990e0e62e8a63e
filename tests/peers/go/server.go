package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/crypto/ssh"
)

type serverOptions struct {
	listen, seed, auth, refuse string
	keepAlive                  time.Duration
	habits                     texts
	traceData                  bool
}

func serverFlags(arguments []string) (serverOptions, error) {
	o := serverOptions{}
	set := flag.NewFlagSet("server", flag.ContinueOnError)
	set.StringVar(&o.listen, "listen", "127.0.0.1:0", "address for agents")
	set.StringVar(&o.seed, "seed", "test", "key seed")
	set.StringVar(&o.auth, "auth", "", "id:password that agents log in with")
	set.StringVar(&o.refuse, "refuse", "", "text with which every registration is refused")
	set.DurationVar(&o.keepAlive, "keep-alive", 0, "time between pings; 0 sends none")
	set.Var(&o.habits, "habit", "misbehaviour, see session.go; repeatable")
	set.BoolVar(&o.traceData, "trace-data", false, "report what goes through channels")
	return o, set.Parse(arguments)
}

// agentServer accepts agents on one port.
type agentServer struct {
	options serverOptions
	habits  habits
	signer  ssh.Signer
	all     *sessions
	out     *events
	counter atomic.Int64
}

// runServer serves until the program is ended.
func runServer(o serverOptions, all *sessions, out *events) error {
	habits, err := parseHabits(o.habits)
	if err != nil {
		return err
	}
	signer, err := ssh.NewSignerFromKey(hostKey(o.seed))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	server := &agentServer{options: o, habits: habits, signer: signer, all: all, out: out}
	out.emit(fields{
		"event": "listening", "port": listener.Addr().(*net.TCPAddr).Port, "fingerprint": fingerprint(signer.PublicKey()),
	})
	return http.Serve(listener, server)
}

func (a *agentServer) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if !websocket.IsWebSocketUpgrade(request) || request.Header.Get("Sec-WebSocket-Protocol") != subProtocol {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	number := int(a.counter.Add(1))
	headers := fields{}
	for name, values := range request.Header {
		headers[name] = strings.Join(values, ", ")
	}
	a.out.message(number, toServer, "http-upgrade", fields{"name": request.Method + " " + request.URL.RequestURI(), "headers": headers})
	// No sub-protocol in the answer: servers in the field do not repeat it.
	upgrader := websocket.Upgrader{
		ReadBufferSize: frameBuffer, WriteBufferSize: frameBuffer,
		CheckOrigin: func(*http.Request) bool { return true },
	}
	ws, err := upgrader.Upgrade(w, request, nil)
	if err != nil {
		return
	}
	a.out.message(number, toAgent, "http-response", fields{"name": "101 Switching Protocols", "status": 101})
	err = a.serve(number, ws)
	a.out.emit(fields{"event": "closed", "conn": number, "error": errorText(err)})
}

func (a *agentServer) serve(number int, ws *websocket.Conn) error {
	wire := newLink(ws,
		func(line string) { a.out.message(number, toServer, "ssh-ident", fields{"name": line}) },
		func(line string) { a.out.message(number, toAgent, "ssh-ident", fields{"name": line}) },
	)
	defer wire.Close()
	conn, channels, requests, err := ssh.NewServerConn(wire, a.login(number))
	if err != nil {
		return err
	}
	s := &session{
		number: number, link: wire, conn: conn.Conn, out: a.out, habits: a.habits,
		sends: toAgent, receives: toServer, traceData: a.options.traceData,
	}
	a.all.add(s)
	defer a.all.remove(number)
	a.out.emit(fields{"event": "logged-in", "conn": number, "user": conn.User()})
	if a.habits.deaf {
		wire.stopReading()
	}
	go func() {
		for open := range channels {
			s.received("channel-open", fields{"name": open.ChannelType(), "payloadText": string(open.ExtraData())})
			// The connection's end is reported elsewhere.
			_ = open.Reject(ssh.UnknownChannelType, "this server takes no channels")
		}
	}()
	go s.serveRequests(requests, func(r *ssh.Request) answer { return a.answer(s, r) })
	stop := make(chan struct{})
	defer close(stop)
	go s.keepAlive(a.options.keepAlive, stop)
	return conn.Wait()
}

func (a *agentServer) login(number int) *ssh.ServerConfig {
	id, password, _ := strings.Cut(a.options.auth, ":")
	config := &ssh.ServerConfig{
		ServerVersion: "SSH-rport-v1-server",
		PasswordCallback: func(who ssh.ConnMetadata, offered []byte) (*ssh.Permissions, error) {
			if who.User() != id || string(offered) != password {
				return nil, fmt.Errorf("invalid authentication for %q", who.User())
			}
			return nil, nil
		},
		AuthLogCallback: func(who ssh.ConnMetadata, method string, err error) {
			a.out.message(number, toServer, "auth", fields{"name": method, "user": who.User()})
			a.out.message(number, toAgent, "auth-reply", fields{"name": method, "ok": err == nil})
		},
	}
	config.AddHostKey(a.signer)
	return config
}

// answer is what servers in the field reply: nothing at all to what they do not know.
func (a *agentServer) answer(s *session, request *ssh.Request) answer {
	switch request.Type {
	case "ping":
		return answer{ok: true}
	case "new_connection":
		if a.habits.silent {
			return answer{none: true}
		}
		if a.options.refuse != "" {
			return answer{body: []byte(a.options.refuse)}
		}
		return a.accept(s, request.Payload)
	default:
		return answer{none: true}
	}
}

// accept opens the static tunnels of the agent and tells their ports.
func (a *agentServer) accept(s *session, document []byte) answer {
	var wanted struct {
		ID      string
		Remotes []map[string]any
	}
	if err := json.Unmarshal(document, &wanted); err != nil {
		return answer{none: true} // as in the field: wrong types are never answered
	}
	for _, remote := range wanted.Remotes {
		port, _ := remote["lport"].(string)
		host, _ := remote["lhost"].(string)
		if port == "" {
			port, host = "0", "127.0.0.1"
			remote["lport_random"] = true
		}
		target := net.JoinHostPort(fmt.Sprint(remote["rhost"]), fmt.Sprint(remote["rport"]))
		opened, err := s.openTunnel(net.JoinHostPort(host, port), target)
		if err != nil {
			return answer{body: []byte(err.Error())}
		}
		remote["lhost"], remote["lport"] = host, strconv.Itoa(opened["port"].(int))
	}
	body, err := json.Marshal(wanted.Remotes)
	if err != nil {
		return answer{body: []byte(err.Error())}
	}
	// Told when the reply has left: what a command sends next must not be taken for it.
	registered := func() {
		a.out.emit(fields{"event": "registered", "conn": s.number, "ok": true, "client": wanted.ID, "payload": json.RawMessage(body)})
		go func() {
			capabilities := []byte(`{"ServerVersion":"0.9.12","MonitoringVersion":0,"IPAddressesVersion":1}`)
			// The connection's end is reported elsewhere.
			_ = s.ask("put_capabilities", capabilities, false, time.Minute)
		}()
	}
	return answer{ok: true, body: body, then: registered}
}
