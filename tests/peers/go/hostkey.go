package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/sha512"
	"fmt"
	"math/big"
	"strings"

	"golang.org/x/crypto/ssh"
)

const seedRounds = 2048

// hostKey derives the server's P-256 key from its seed: 2,048 rounds of SHA-512, of which the first halves are kept,
// then 40 bytes of the same chain's second halves, reduced to 1 … n-1.
func hostKey(seed string) *ecdsa.PrivateKey {
	state := []byte(seed)
	for i := 0; i < seedRounds; i++ {
		sum := sha512.Sum512(state)
		state = append([]byte(nil), sum[:32]...)
	}
	var stream []byte
	for len(stream) < 40 {
		sum := sha512.Sum512(state)
		state = append([]byte(nil), sum[:32]...)
		stream = append(stream, sum[32:]...)
	}
	curve := elliptic.P256()
	one := big.NewInt(1)
	d := new(big.Int).SetBytes(stream[:40])
	d.Mod(d, new(big.Int).Sub(curve.Params().N, one))
	d.Add(d, one)
	key := &ecdsa.PrivateKey{D: d}
	key.Curve = curve
	key.X, key.Y = curve.ScalarBaseMult(d.FillBytes(make([]byte, 32)))
	return key
}

// fingerprint is the MD5 of the public key's wire form, as lower-case hex pairs joined by colons.
func fingerprint(key ssh.PublicKey) string {
	sum := md5.Sum(key.Marshal())
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02x", b)
	}
	return strings.Join(pairs, ":")
}
