package main

import (
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestSeedLeadsToTheKnownKey(t *testing.T) {
	vectors := []struct{ seed, d, x, fingerprint string }{
		{
			"Z4mQqmkDnexNNR4giNU3Me",
			"4195f5c61b825289a9aa9158b53923c456d94adce249ec5a99df979e0de4f78b",
			"3385fe25c08000651c012fdc7d0e6217c7af063c292438606c967f95061c03a2",
			"5d:b3:ee:37:b2:31:cc:ce:93:d4:69:21:16:5d:36:11",
		},
		{
			"5448e69530b4b97fb510f96ff1550500b093",
			"ab1251e690a0eb7dad17cc89f504d496f2dd879ff35930cc841c01646aa86bbc",
			"1bdb94f4a5a478d9fa6717e784d461ba09b8e0d9c60b904434203a6e31b3d182",
			"36:98:56:12:f3:dc:e5:8d:ac:96:48:23:b6:f0:42:15",
		},
		{
			"test",
			"47aba3b3aaf325dcde188abe42727523dd67317d5bc8a9de414ff12e7adec4d0",
			"c1446c6587bc647777b656583132eb5c42c716b18c08587eb16aaf6843650624",
			"aa:0d:c9:17:67:75:6f:a6:ec:49:65:d4:0f:eb:92:01",
		},
	}
	for _, vector := range vectors {
		key := hostKey(vector.seed)
		if got := key.D.Text(16); got != vector.d {
			t.Errorf("seed %q: d is %s, want %s", vector.seed, got, vector.d)
		}
		if got := key.X.Text(16); got != vector.x {
			t.Errorf("seed %q: X is %s, want %s", vector.seed, got, vector.x)
		}
		public, err := ssh.NewPublicKey(&key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		if got := fingerprint(public); got != vector.fingerprint {
			t.Errorf("seed %q: fingerprint is %s, want %s", vector.seed, got, vector.fingerprint)
		}
	}
}
