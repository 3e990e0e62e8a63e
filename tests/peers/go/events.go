package main

import (
	"encoding/json"
	"io"
	"sync"
)

// The two directions of a message, as the recordings name them.
const (
	toServer = "agent->server"
	toAgent  = "server->agent"
)

// fields is one event: a JSON object on a line of its own.
type fields map[string]any

// events writes JSON lines; messages of the connection use the words of the wire recordings (dir, kind, name, …).
type events struct {
	mu  sync.Mutex
	out *json.Encoder
}

func newEvents(w io.Writer) *events {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return &events{out: out}
}

func (e *events) emit(event fields) {
	e.mu.Lock()
	defer e.mu.Unlock()
	// Nobody is left to tell when standard output is gone.
	_ = e.out.Encode(event)
}

// message reports one message of a connection.
func (e *events) message(conn int, dir, kind string, more fields) {
	event := fields{"event": "message", "conn": conn, "dir": dir, "kind": kind}
	for key, value := range more {
		event[key] = value
	}
	e.emit(event)
}

// payload shows the bytes of a request or reply: decoded when they are JSON, otherwise as text.
func payload(data []byte) fields {
	if len(data) == 0 {
		return fields{"payload": ""}
	}
	if len(data) > 1<<20 {
		return fields{"payloadBytes": len(data)}
	}
	if json.Valid(data) {
		return fields{"payload": json.RawMessage(data)}
	}
	return fields{"payloadText": string(data)}
}

// with joins two sets of fields; the later wins.
func with(a, b fields) fields {
	joined := fields{}
	for key, value := range a {
		joined[key] = value
	}
	for key, value := range b {
		joined[key] = value
	}
	return joined
}
