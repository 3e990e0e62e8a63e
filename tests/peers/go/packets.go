package main

import (
	"encoding/binary"
	"reflect"
	"unsafe"

	"golang.org/x/crypto/ssh"
)

// The library keeps its users honest. A hostile peer is not, so this file reaches below it: any packet can be sent,
// correctly encrypted, whatever the state of windows, replies and channels says.

//go:linkname writeTransportPacket golang.org/x/crypto/ssh.(*handshakeTransport).writePacket
func writeTransportPacket(transport unsafe.Pointer, packet []byte) error

// sendPacket sends one SSH message as it is, past every rule of the library.
func sendPacket(conn ssh.Conn, packet []byte) error {
	transport := reflect.ValueOf(conn).Elem().FieldByName("transport").UnsafePointer()
	// The library encrypts in place: keep the caller's bytes.
	return writeTransportPacket(transport, append([]byte(nil), packet...))
}

// peerChannelID is the number that the peer gave to a channel.
func peerChannelID(channel ssh.Channel) uint32 {
	return uint32(reflect.ValueOf(channel).Elem().FieldByName("remoteId").Uint())
}

// closeWasReceived tells the end of a channel from the end of its data: the library answers a close at once.
func closeWasReceived(channel ssh.Channel) bool {
	return reflect.ValueOf(channel).Elem().FieldByName("sentClose").Bool()
}

func sshString(text []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
}

// globalRequest is message 80: string name, boolean want_reply, payload to the end of the packet.
func globalRequest(name string, wantReply bool, payload []byte) []byte {
	packet := append([]byte{80}, sshString([]byte(name))...)
	if wantReply {
		packet = append(packet, 1)
	} else {
		packet = append(packet, 0)
	}
	return append(packet, payload...)
}

// channelData is message 94: uint32 channel, string data.
func channelData(channel uint32, data []byte) []byte {
	packet := binary.BigEndian.AppendUint32([]byte{94}, channel)
	return append(packet, sshString(data)...)
}

// channelOpen is message 90: string type, uint32 sender channel, uint32 window, uint32 max packet, data to the end.
func channelOpen(kind string, sender uint32, data string) []byte {
	packet := append([]byte{90}, sshString([]byte(kind))...)
	packet = binary.BigEndian.AppendUint32(packet, sender)
	packet = binary.BigEndian.AppendUint32(packet, 2*1024*1024)
	packet = binary.BigEndian.AppendUint32(packet, 32*1024)
	return append(packet, data...)
}
