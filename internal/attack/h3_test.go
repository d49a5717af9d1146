package attack

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"

	"github.com/quic-go/qpack"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/quicvarint"
)

// Types of streams and frames (RFC 9114, sections 6.2.1 and 7.2).
const (
	h3Control  = 0x00
	h3Data     = 0x00
	h3Headers  = 0x01
	h3Settings = 0x04
)

// h3conn speaks HTTP/3 by hand, so that a request's fields can be anything.
type h3conn struct {
	t    testing.TB
	c    *quic.Conn
	sent func() // hears that a request is on its way; nil: nobody does
}

// clientTLS is how a visitor connects who asks for a name: the certificate is
// the site's own, and not what these tests are about.
func clientTLS(sni string, protocols ...string) *tls.Config {
	return &tls.Config{ServerName: sni, NextProtos: protocols, InsecureSkipVerify: true, MinVersion: tls.VersionTLS13} //nolint:gosec // a test's own server
}

func dialH3(t testing.TB, addr, sni string) *h3conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = udp.Close() })
	to, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c, err := quic.Dial(ctx, udp, to, clientTLS(sni, "h3"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.CloseWithError(0x100, "") }) // H3_NO_ERROR
	h := &h3conn{t: t, c: c}
	h.settle()
	return h
}

// settle opens the control stream, without which no server answers.
func (h *h3conn) settle() {
	h.t.Helper()
	control, err := h.c.OpenUniStream()
	if err == nil {
		_, err = control.Write(append(quicvarint.Append(nil, h3Control), h3Settings, 0))
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// ask sends pairs of names and values as one request; status "0" means that the
// stream was reset or answered with nothing that can be read.
func (h *h3conn) ask(pairs ...string) (status string, fields map[string][]string) {
	h.t.Helper()
	s, err := h.c.OpenStream()
	if err != nil {
		h.t.Fatalf("opening a stream for %q: %v", pairs, err)
	}
	_ = s.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := s.Write(h3request(pairs)); err != nil {
		return "0", nil
	}
	_ = s.Close()
	if h.sent != nil {
		h.sent()
	}
	answer, err := io.ReadAll(s)
	if err != nil {
		return "0", nil
	}
	return h3answer(answer)
}

func h3request(pairs []string) []byte {
	var block bytes.Buffer
	enc := qpack.NewEncoder(&block)
	for i := 0; i < len(pairs); i += 2 {
		_ = enc.WriteField(qpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	out := quicvarint.Append(nil, h3Headers)
	return append(quicvarint.Append(out, uint64(block.Len())), block.Bytes()...)
}

// h3answer finds the first final HEADERS frame.
func h3answer(answer []byte) (status string, fields map[string][]string) {
	r := bytes.NewReader(answer)
	for {
		kind, err := quicvarint.Read(r)
		if err != nil {
			return "0", nil
		}
		n, err := quicvarint.Read(r)
		if err != nil || n > uint64(r.Len()) {
			return "0", nil
		}
		frame := make([]byte, n)
		_, _ = io.ReadFull(r, frame)
		if kind != h3Headers {
			continue
		}
		fields = map[string][]string{}
		for next := qpack.NewDecoder().Decode(frame); ; {
			f, err := next()
			if err != nil {
				break
			}
			fields[f.Name] = append(fields[f.Name], f.Value)
		}
		if status = first(fields[":status"]); status != "" && status[0] != '1' {
			return status, fields
		}
	}
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
