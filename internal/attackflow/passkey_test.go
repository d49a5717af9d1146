package attackflow

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

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
	s.addTenants("  keyed:\n    {name: Keyed, hosts: [localhost, a.localhost, b.localhost], rp_id: localhost, methods: [passkey, totp],\n" +
		"     protect: [/documents, {path: /admin, require: phishing-resistant}]}\n")
	return s
}

// keyed is somebody with a passkey, at the browser where it was made.
func (s *site) keyed(user string) (*browser, *passkeytest.Device) {
	s.t.Helper()
	b, d := s.signedInTo("keyed", user).proveAddress(), &passkeytest.Device{Origin: s.base, Counts: true}
	var done struct {
		RecoveryCodes []string `json:"recovery_codes"`
	}
	b.finish(makeKey, b.answer(makeKey, d.Create)).want(200).json(&done)
	b.codes = done.RecoveryCodes
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

// TestAdvisory_WA1_ACeremonyEndsWhereItBegan: a challenge that was asked for at
// one name of the site is carried to another, or to a look-alike, and answered
// there. It counts at the name where it was asked for, and for that alone.
func TestAdvisory_WA1_ACeremonyEndsWhereItBegan(t *testing.T) {
	s := startKeyed(t)
	_, d := s.keyed("bob")
	a, b := s.at("a.localhost"), s.at("b.localhost")
	for name, c := range map[string]struct {
		answering   passkeytest.Device
		begin, end  []string
		status      int
		onlyMaking  func([]byte) []byte
		wantRefusal string
	}{
		"ok/all at one name":               {passkeytest.Device{Origin: a[3]}, a, a, 200, nil, ""},
		"fail/answered at another":         {passkeytest.Device{Origin: b[3]}, a, a, 403, nil, "not-here"},
		"fail/answered and sent there":     {passkeytest.Device{Origin: b[3]}, a, b, 403, nil, "not-here"},
		"fail/sent to another":             {passkeytest.Device{Origin: a[3]}, a, b, 403, nil, "not-here"},
		"fail/a look-alike":                {passkeytest.Device{Origin: "http://" + s.host + ".evil.test"}, a, a, 403, nil, "not-here"},
		"fail/a name that begins the same": {passkeytest.Device{Origin: a[3] + "0"}, a, a, 403, nil, "not-here"},
		"fail/in another site's frame":     {passkeytest.Device{Origin: a[3], CrossOrigin: true}, a, a, 403, nil, "not-here"},
		"fail/under another site's page": {passkeytest.Device{Origin: a[3]}, a, a, 403, func(said []byte) []byte {
			return bytes.Replace(said, []byte("{"), []byte(`{"topOrigin":"https://evil.test",`), 1)
		}, "not-here"},
		"fail/another relying party": {passkeytest.Device{Origin: a[3], RP: "evil.test"}, a, a, 400, nil, "bad-code"},
	} {
		t.Run(name, func(*testing.T) {
			s.app.set("new "+name, "email", "new@mail.test")
			maker, made := s.signedInTo("keyed", "new "+name), c.answering
			maker.post("email").want(200)
			maker.post("email/verify", "code", s.mail.code(t, "new@mail.test")).want(200)
			answer := maker.answer(makeKey, made.Create, c.begin...)
			if c.onlyMaking != nil {
				answer = edited(t, answer, "clientDataJSON", c.onlyMaking)
			}
			maker.finish(makeKey, answer, c.end...).wantReason(c.status, c.wantRefusal)
			if c.onlyMaking != nil {
				return // what a proof says is signed
			}
			pw, using := s.signedIn("bob"), c.answering
			using.Keys, using.Counts = d.Keys, true
			r := pw.finish(useKey, pw.answer(useKey, using.Get, c.begin...), c.end...).wantReason(c.status, c.wantRefusal)
			if what := gave(r); c.status != 200 && what != "" {
				t.Errorf("a refused proof gives %s", what)
			}
		})
	}
}

// TestAdvisory_WA2_AChallengeIsAnsweredOnce: an answer that was overheard is
// sent again, from its own browser with the cookies set back, from another, after
// a restart, and a hundred times in one moment; or one is answered that nobody
// gave, that was given to somebody else, or five minutes late.
func TestAdvisory_WA2_AChallengeIsAnsweredOnce(t *testing.T) {
	s := startKeyed(t)
	_, d := s.keyed("bob")
	b := s.signedIn("bob")
	before := b.tab()
	answer := b.answer(useKey, d.Get)
	b.finish(useKey, answer).want(200)
	b.page("/documents/1").want(200)
	for range 2 {
		for name, again := range map[string]*browser{"its own, set back": before.tab(), "its own": b.tab(), "another": s.signedIn("bob")} {
			if r := again.finish(useKey, answer); r.StatusCode != 409 || r.reason() != "used-code" {
				t.Errorf("again from %s: %d %s", name, r.StatusCode, r.reason())
			}
		}
		s.restart()
	}
	d.Origin = s.base // on another port since
	t.Run("a hundred at once", func(t *testing.T) {
		one := s.signedIn("bob")
		answer := one.answer(useKey, d.Get)
		tabs := make([]*browser, crowd)
		for i := range tabs {
			tabs[i] = one.tab()
		}
		s.store().gather(crowd)
		replies := atOnce(t, crowd, func(i int) (*reply, error) {
			return tabs[i].tryCall("POST", useKey+"/verify", map[string]any{"credential": json.RawMessage(answer)})
		})
		if n := count(replies, 200); n != 1 {
			t.Errorf("%d of %d copies were accepted", n, crowd)
		}
	})
	t.Run("of nobody, of another, too late", func(t *testing.T) {
		pw := s.signedIn("bob")
		own := &passkeytest.Device{Origin: s.base, Counts: true, Keys: d.Keys, Challenge: make([]byte, 32)}
		pw.finish(useKey, pw.answer(useKey, own.Get)).wantReason(410, "expired")
		mallory, _ := s.keyed("mallory")
		own.Challenge = challenge(t, mallory.options(useKey))
		pw.finish(useKey, pw.answer(useKey, own.Get)).wantReason(410, "expired")
		late := pw.answer(useKey, d.Get)
		advance(t, 5*time.Minute)
		pw.finish(useKey, late).wantReason(410, "expired")
		pw.page("/documents/1").want(303)
	})
	one, two := challenge(t, b.options(useKey)), challenge(t, b.options(useKey))
	if len(one) < 16 || bytes.Equal(one, two) {
		t.Errorf("challenges of %d bytes, twice the same: %v", len(one), bytes.Equal(one, two))
	}
}

// TestAdvisory_WA3_TheDeviceChecksWhoItIs: whoever has the password and finds
// the key, but not its PIN or finger, neither proves with it nor makes one.
func TestAdvisory_WA3_TheDeviceChecksWhoItIs(t *testing.T) {
	s := startKeyed(t)
	_, d := s.keyed("bob")
	for name, finder := range map[string]*passkeytest.Device{
		"unverified": {Origin: s.base, Counts: true, Keys: d.Keys, Unverified: true}, "nobody there": {Origin: s.base, Counts: true, Keys: d.Keys, Absent: true},
	} {
		pw := s.signedIn("bob")
		if r := pw.finish(useKey, pw.answer(useKey, finder.Get)); r.StatusCode != 400 || gave(r) != "" {
			t.Errorf("a proof, %s: %d %s", name, r.StatusCode, r.reason())
		}
		pw.page("/documents/1").want(303)
	}
	b := s.signedInTo("keyed", "new").proveAddress()
	unverified := &passkeytest.Device{Origin: s.base, Unverified: true}
	b.finish(makeKey, b.answer(makeKey, unverified.Create)).wantReason(400, "bad-code")
	if st := s.witness().standing(b); len(st.Methods) != 0 {
		t.Errorf("kept: %+v", st.Methods)
	}
	owner := s.signedIn("bob")
	owner.finish(useKey, owner.answer(useKey, d.Get)).want(200)
	owner.page("/documents/1").want(200)
}

// TestAdvisory_WA4_ACopyOfAKeyIsNoticed: of two authenticators with one key the
// one whose count stands still is refused, and the owner is told. Keys that are
// synced count nothing, and go on.
func TestAdvisory_WA4_ACopyOfAKeyIsNoticed(t *testing.T) {
	s := startKeyed(t)
	_, d := s.keyed("bob")
	copied := &passkeytest.Device{Origin: s.base, Counts: true, Keys: []*passkeytest.Key{d.Keys[0].Clone()}}
	for range 2 {
		owner := s.signedIn("bob")
		owner.finish(useKey, owner.answer(useKey, d.Get)).want(200)
	}
	thief := s.signedIn("bob")
	thief.finish(useKey, thief.answer(useKey, copied.Get)).wantReason(400, "bad-code")
	thief.page("/documents/1").want(303)
	synced := &passkeytest.Device{Origin: s.base, Synced: true}
	ann := s.signedInTo("keyed", "ann").proveAddress()
	ann.finish(makeKey, ann.answer(makeKey, synced.Create)).want(200)
	for range 2 {
		b := s.signedIn("ann")
		b.finish(useKey, b.answer(useKey, synced.Get)).want(200)
		b.page("/documents/1").want(200)
	}
	s.restart() // waits for the mails under way
	if !mentions(s.mail.of(mailOf("bob")), "may be a copy of it") {
		t.Error("nobody is told of the copy")
	}
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

// TestAdvisory_WA6_AKeyIsOfOnePersonAndStaysAsItWas: mallory answers bob's
// challenge with a passkey of his own, with one that he made under the id of bob's,
// or as somebody else; a key that says of itself what it was not when it was made
// is refused; and a device that has one makes no second.
func TestAdvisory_WA6_AKeyIsOfOnePersonAndStaysAsItWas(t *testing.T) {
	s := startKeyed(t)
	bob, d := s.keyed("bob")
	_, his := s.keyed("mallory")
	twin := &passkeytest.Device{Origin: s.base, Counts: true}
	eve := s.signedInTo("keyed", "eve").proveAddress()
	answer, err := twin.CreateAs(eve.options(makeKey), d.Keys[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	eve.finish(makeKey, answer)
	signed := func(by *passkeytest.Device) func([]byte) ([]byte, error) {
		return func(options []byte) ([]byte, error) { return by.Sign(by.Keys[0], "localhost", challenge(t, options)) }
	}
	for name, with := range map[string]func([]byte) ([]byte, error){
		"a key of another account":    signed(his),
		"one of the same id":          signed(twin),
		"a signature of nobody":       (&passkeytest.Device{Origin: s.base, Counts: true, Keys: d.Keys, Forge: true}).Get,
		"another's name":              (&passkeytest.Device{Origin: s.base, Counts: true, Keys: d.Keys, Handle: his.Keys[0].Handle}).Get,
		"one that was never synced":   (&passkeytest.Device{Origin: s.base, Counts: true, Keys: d.Keys, Synced: true}).Get,
		"an answer to a registration": (&passkeytest.Device{Origin: s.base, Counts: true, Keys: d.Keys, Type: "webauthn.create"}).Get,
	} {
		pw := s.signedIn("bob")
		if r := pw.finish(useKey, pw.answer(useKey, with)); r.StatusCode != http.StatusBadRequest || gave(r) != "" {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.body)
		}
		pw.page("/documents/1").want(303)
	}
	if _, err := d.Create(bob.options(makeKey)); err != passkeytest.ErrExcluded {
		t.Errorf("the device makes a second one: %v", err)
	}
	owner := s.signedIn("bob")
	owner.finish(useKey, owner.answer(useKey, d.Get)).want(200)
	owner.page("/documents/1").want(200)
}

// mentions tells whether any of the mails says words.
func mentions(mails []letter, words string) bool {
	for _, l := range mails {
		if strings.Contains(strings.Join(strings.Fields(l.text()), " "), words) {
			return true
		}
	}
	return false
}
