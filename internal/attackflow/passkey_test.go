package attackflow

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/enroll/passkeytest"
)

const (
	makeKey = "methods/passkey"
	useKey  = "verify/passkey"
)

// startKeyed is a site of one tenant with three names and one relying party.
func startKeyed(t *testing.T) *site {
	t.Helper()
	s := start(t, "\t\tbase_url http://portal.test\n", "")
	s.addTenants("  keyed: {name: Keyed, hosts: [localhost, a.localhost, b.localhost], rp_id: localhost, methods: [passkey, totp]}\n")
	return s
}

// keyed is somebody with a passkey, at the browser where it was made.
func (s *site) keyed(user string) (*browser, *passkeytest.Device) {
	s.t.Helper()
	b, d := s.signedInTo("keyed", user).proveAddress(), &passkeytest.Device{Origin: s.base, Counts: true}
	b.finish(makeKey, b.answer(makeKey, d.Create)).want(200)
	return b, d
}

// at are the fields of a request to the site by another of its names.
func (s *site) at(name string) []string {
	host := strings.Replace(s.host, "localhost", name, 1)
	return []string{"Host", host, "Origin", "http://" + host}
}

// options begins a ceremony: what the browser is asked for.
func (b *browser) options(path string, h ...string) []byte {
	b.t.Helper()
	var begun struct{ PublicKey json.RawMessage }
	b.call("POST", path, object(), h...).want(200).json(&begun)
	return begun.PublicKey
}

// answer begins a ceremony and has a device answer it.
func (b *browser) answer(path string, with func([]byte) ([]byte, error), h ...string) []byte {
	b.t.Helper()
	got, err := with(b.options(path, h...))
	if err != nil {
		b.t.Fatal(err)
	}
	return got
}

// finish sends an answer.
func (b *browser) finish(path string, answer []byte, h ...string) *reply {
	b.t.Helper()
	return b.call("POST", path+"/verify", map[string]any{"credential": json.RawMessage(answer)}, h...)
}

// challenge is the one in what a browser is asked for.
func challenge(t *testing.T, options []byte) []byte {
	t.Helper()
	var o struct{ Challenge string }
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	b, err := base64.RawURLEncoding.DecodeString(o.Challenge)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// edited is an answer with one part of it changed.
func edited(t *testing.T, answer []byte, part string, change func([]byte) []byte) []byte {
	t.Helper()
	var a map[string]any
	if err := json.Unmarshal(answer, &a); err != nil {
		t.Fatal(err)
	}
	response := a["response"].(map[string]any)
	raw, err := base64.RawURLEncoding.DecodeString(response[part].(string))
	if err != nil {
		t.Fatal(err)
	}
	response[part] = base64.RawURLEncoding.EncodeToString(change(raw))
	out, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAdvisory_WA5_WhatIsWrittenOddlyIsNoKey: a registration with bytes behind
// its end, a key of another curve than its algorithm's, a point that is on none,
// or parts that are missing. One reader takes such for something that another does
// not, so none of them is taken.
func TestAdvisory_WA5_WhatIsWrittenOddlyIsNoKey(t *testing.T) {
	s := startKeyed(t)
	b := s.signedInTo("keyed", "bob").proveAddress()
	const object = "attestationObject"
	for name, c := range map[string]struct {
		part   string
		change func([]byte) []byte
	}{
		"fail/a byte behind the object": {object, func(o []byte) []byte { return append(o, 0) }},
		"fail/a second object":          {object, func(o []byte) []byte { return append(o, o...) }},
		"fail/a byte behind the key": {object, func(o []byte) []byte {
			at := bytes.Index(o, []byte("authData")) + len("authData") + 1 // its length
			o[at]++
			return append(o, 0)
		}},
		"fail/another curve": {object, func(o []byte) []byte {
			return bytes.Replace(o, []byte{0x20, 1, 0x21, 0x58}, []byte{0x20, 2, 0x21, 0x58}, 1)
		}},
		"fail/another algorithm":     {object, func(o []byte) []byte { return bytes.Replace(o, []byte{3, 0x26, 0x20}, []byte{3, 0x27, 0x20}, 1) }},
		"fail/a point on no curve":   {object, func(o []byte) []byte { o[len(o)-1] ^= 1; return o }},
		"fail/cut":                   {object, func(o []byte) []byte { return o[:len(o)-1] }},
		"fail/nothing":               {object, func([]byte) []byte { return nil }},
		"fail/text behind the JSON":  {"clientDataJSON", func(o []byte) []byte { return append(o, "{}"...) }},
		"fail/a client without JSON": {"clientDataJSON", func([]byte) []byte { return []byte("null") }},
	} {
		t.Run(name, func(t *testing.T) {
			d := &passkeytest.Device{Origin: s.base}
			whole := b.answer(makeKey, d.Create)
			r := b.finish(makeKey, edited(t, whole, c.part, func(o []byte) []byte {
				changed := c.change(bytes.Clone(o))
				if bytes.Equal(changed, o) {
					t.Fatal("nothing was changed")
				}
				return changed
			}))
			if r.StatusCode < 400 || r.StatusCode >= 500 || gave(r) != "" {
				t.Errorf("%d %s", r.StatusCode, r.body)
			}
		})
	}
	if st := s.witness().standing(b); len(st.Methods) != 0 {
		t.Errorf("kept: %+v", st.Methods)
	}
	d := &passkeytest.Device{Origin: s.base}
	b.finish(makeKey, edited(t, b.answer(makeKey, d.Create), object, bytes.Clone)).want(200)
}
