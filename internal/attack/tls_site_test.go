package attack

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// overTLS opens a site to https over HTTP/1.1, 2 and 3.
var overTLS = strings.NewReplacer("protocols h1 h2c\n", "protocols h1 h2 h3\n")

// startTLS runs one site of several hosts over https.
func startTLS(t testing.TB, policy, conf string, hosts ...string) *site {
	t.Helper()
	s := &site{t: t, app: newApp(t), dir: t.TempDir(), global: overTLS.Replace(global)}
	_, port, _ := net.SplitHostPort(freeBoth(t))
	var names []string
	for _, h := range hosts {
		names = append(names, fmt.Sprintf("https://%s:%s", h, port))
	}
	s.certify(hosts)
	conf = strings.Replace(conf, "http://:0 {", strings.Join(names, ", ")+" {\n\ttls %DIR%/cert.pem %DIR%/key.pem", 1)
	s.run(policy, conf)
	return s
}

// certify makes a certificate that only the site itself vouches for.
func (s *site) certify(hosts []string) {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: hosts, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		s.t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	write(s.t, s.dir+"/cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})))
	write(s.t, s.dir+"/key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

// freeBoth is a loopback address that was free a moment ago for TCP and for UDP.
func freeBoth(t testing.TB) string {
	t.Helper()
	for range 50 {
		addr := free(t)
		if c, err := net.ListenPacket("udp", addr); err == nil {
			_ = c.Close()
			return addr
		}
	}
	t.Fatal("no port is free for both TCP and UDP")
	return ""
}

// secure connects and asks for a name in the handshake.
func (s *site) secure(sni string, protocols ...string) net.Conn {
	s.t.Helper()
	c, err := tls.Dial("tcp", s.addr, clientTLS(sni, protocols...))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// versions asks one thing over each version of HTTP, in a connection made for
// the name sni, and tells the status of each answer.
func (s *site) versions(sni, method, host, target string, lines ...string) map[string]string {
	s.t.Helper()
	a := rawOn(s.t, s.secure(sni, "http/1.1"), message(method, target, host, lines...))
	pairs := []string{":method", method, ":scheme", "https", ":authority", host, ":path", target}
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ": ")
		pairs = append(pairs, strings.ToLower(name), value)
	}
	h3, _ := dialH3(s.t, s.addr, sni).ask(pairs...)
	return map[string]string{
		"HTTP/1.1": fmt.Sprint(a.status), "HTTP/2": talkH2(s.t, s.secure(sni, "h2")).ask(pairs...), "HTTP/3": h3,
	}
}
