package attack

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// answer is what came back, read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) reason() string {
	_, rest, _ := strings.Cut(a.body, `"reason":"`)
	word, _, _ := strings.Cut(rest, `"`)
	return word
}

// raw sends bytes as they are over a connection of its own, and reads one
// answer. Status 0: the server closed without one.
func raw(t testing.TB, addr, request string) answer {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return rawOn(t, c, request)
}

// rawOn is raw over a connection that is there, which it closes.
func rawOn(t testing.TB, c net.Conn, request string) answer {
	t.Helper()
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, request); err != nil {
		return answer{}
	}
	method, _, _ := strings.Cut(request, " ")
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		return answer{}
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body)}
}

// message is an HTTP/1.1 request with further header lines.
func message(method, target, host string, lines ...string) string {
	var b strings.Builder
	b.WriteString(method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n")
	for _, l := range lines {
		b.WriteString(l + "\r\n")
	}
	if !strings.Contains(strings.ToLower(b.String()), "\r\nconnection:") {
		b.WriteString("Connection: close\r\n")
	}
	return b.String() + "\r\n"
}

// get asks as bob, signed in and unproven.
func (s *site) get(target string, lines ...string) answer {
	s.t.Helper()
	return raw(s.t, s.addr, message("GET", target, "office.test", append(lines, "Cookie: sid=bob")...))
}

// h2conn speaks HTTP/2 by hand, so that :path can be anything.
type h2conn struct {
	t    testing.TB
	c    net.Conn
	f    *http2.Framer
	buf  bytes.Buffer
	enc  *hpack.Encoder
	next uint32
}

func dialH2(t testing.TB, addr string) *h2conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return talkH2(t, c)
}

// talkH2 begins HTTP/2 on a connection that is there.
func talkH2(t testing.TB, c net.Conn) *h2conn {
	t.Helper()
	h := &h2conn{t: t, c: c, f: http2.NewFramer(c, bufio.NewReader(c)), next: 1}
	h.enc = hpack.NewEncoder(&h.buf)
	h.f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	if err := h.f.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	return h
}

// ask sends pairs of names and values as one request; status "0" means that the
// stream was reset.
func (h *h2conn) ask(pairs ...string) (status string) {
	h.t.Helper()
	status, err := h.exchange(pairs)
	if err != nil {
		h.t.Fatalf("asking %q: %v", pairs, err)
	}
	return status
}

// try is ask where the end of the connection is an answer as well.
func (h *h2conn) try(pairs ...string) (status string) {
	status, err := h.exchange(pairs)
	if err != nil {
		return "0"
	}
	return status
}

func (h *h2conn) exchange(pairs []string) (status string, err error) {
	h.buf.Reset()
	for i := 0; i < len(pairs); i += 2 {
		_ = h.enc.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	id := h.next
	h.next += 2
	_ = h.c.SetDeadline(time.Now().Add(20 * time.Second))
	block := h.buf.Bytes()
	first := block[:min(len(block), 16000)]
	rest := block[len(first):]
	if err := h.f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: first, EndStream: true, EndHeaders: len(rest) == 0}); err != nil {
		return "", err
	}
	if len(rest) > 0 {
		if err := h.f.WriteContinuation(id, true, rest); err != nil {
			return "", err
		}
	}
	for {
		f, err := h.f.ReadFrame()
		if err != nil {
			return "", err
		}
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				_ = h.f.WriteSettingsAck()
			}
		case *http2.MetaHeadersFrame:
			if f.StreamID == id {
				status = f.PseudoValue("status")
				if f.StreamEnded() {
					return status, nil
				}
			}
		case *http2.DataFrame:
			if n := uint32(len(f.Data())); n > 0 {
				_ = h.f.WriteWindowUpdate(0, n)
			}
			if f.StreamID == id && f.StreamEnded() {
				return status, nil
			}
		case *http2.RSTStreamFrame:
			if f.StreamID == id {
				return "0", nil
			}
		case *http2.GoAwayFrame:
			return "", fmt.Errorf("the connection ends: %v", f.ErrCode)
		}
	}
}
