package main

import (
	"bytes"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// frameBuffer is the size of both WebSocket buffers, as in the field: a client's write of more than 1,024 bytes
// leaves as a fragmented message, which a server must put together again.
const frameBuffer = 1024

// link makes a net.Conn of binary WebSocket messages; message boundaries carry no meaning.
// It can also stop reading for good, and it notices both identification lines as they pass.
type link struct {
	ws      *websocket.Conn
	rest    []byte
	sending sync.Mutex

	deafOnce sync.Once
	deaf     chan struct{} // closed: nothing is read any more
	over     chan struct{} // closed by Close
	overOnce sync.Once

	received, sent identLine
}

// identLine collects the first line of one direction and announces it once.
type identLine struct {
	line     []byte
	complete bool
	announce func(line string)
}

func (l *identLine) see(piece []byte) {
	if l.complete {
		return
	}
	l.line = append(l.line, piece...)
	end := bytes.IndexByte(l.line, '\n')
	if end < 0 && len(l.line) < 256 {
		return
	}
	l.complete = true
	if end >= 0 {
		l.line = l.line[:end]
	}
	l.announce(string(bytes.TrimRight(l.line, "\r\n")))
}

func newLink(ws *websocket.Conn, onReceivedIdent, onSentIdent func(line string)) *link {
	return &link{
		ws:       ws,
		deaf:     make(chan struct{}),
		over:     make(chan struct{}),
		received: identLine{announce: onReceivedIdent},
		sent:     identLine{announce: onSentIdent},
	}
}

func (l *link) Read(into []byte) (int, error) {
	select {
	case <-l.deaf:
		<-l.over
		return 0, io.ErrClosedPipe
	default:
	}
	for len(l.rest) == 0 {
		_, message, err := l.ws.ReadMessage()
		if err != nil {
			return 0, err
		}
		l.rest = message
	}
	n := copy(into, l.rest)
	l.received.see(l.rest[:n])
	l.rest = l.rest[n:]
	return n, nil
}

func (l *link) Write(data []byte) (int, error) {
	l.sending.Lock()
	defer l.sending.Unlock()
	l.sent.see(data)
	if err := l.ws.WriteMessage(websocket.BinaryMessage, data); err != nil {
		return 0, err
	}
	return len(data), nil
}

// stopReading makes this side deaf: what the peer sends piles up in the kernel until the peer notices.
func (l *link) stopReading() { l.deafOnce.Do(func() { close(l.deaf) }) }

// Close ends the TCP connection without a close frame, as the programs in the field do.
func (l *link) Close() error {
	l.overOnce.Do(func() { close(l.over) })
	return l.ws.Close()
}

func (l *link) LocalAddr() net.Addr                { return l.ws.LocalAddr() }
func (l *link) RemoteAddr() net.Addr               { return l.ws.RemoteAddr() }
func (l *link) SetReadDeadline(t time.Time) error  { return l.ws.SetReadDeadline(t) }
func (l *link) SetWriteDeadline(t time.Time) error { return l.ws.SetWriteDeadline(t) }
func (l *link) SetDeadline(t time.Time) error {
	if err := l.SetReadDeadline(t); err != nil {
		return err
	}
	return l.SetWriteDeadline(t)
}
