module rport-ts/tests/peers/go

go 1.21

require (
	github.com/gorilla/websocket v1.5.1
	golang.org/x/crypto v0.15.0
)

require (
	golang.org/x/net v0.17.0 // indirect
	golang.org/x/sys v0.14.0 // indirect
)
