package enroll

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// gateway keeps the texts that were sent, or refuses them.
type gateway struct {
	mu   sync.Mutex
	sent [][2]string
	err  error
}

func (g *gateway) SendText(_ context.Context, number, text string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil {
		g.sent = append(g.sent, [2]string{number, text})
	}
	return g.err
}

func (g *gateway) refuse(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.err = err
}

func (g *gateway) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.sent)
}

// last is the newest text's number and code.
func (g *gateway) last(t testing.TB) (number, code string) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.sent) == 0 {
		t.Fatal("no text was sent")
	}
	s := g.sent[len(g.sent)-1]
	return s[0], regexp.MustCompile(`\d{6}`).FindString(s[1])
}

func note(n Note) string { return "Your code: " + n.Code }

// texting is a tenant of which people take codes by text.
func texting() Rules {
	r := silva()
	r.Methods, r.Limits = []Kind{KindSMS, KindTOTP}, nil
	return r
}

func textWorld(t testing.TB) (*world, *gateway) {
	w, g := newBoltWorld(t), &gateway{}
	w.texter = g
	return w, g
}

const mobile = "+31612345678"

// enrolText sets up a phone.
func (w *world) enrolText(g *gateway, p Person, r Rules, f *Flag, number string) *Enrolled {
	w.t.Helper()
	v := w.begin(p, r, f)
	_, err := w.BeginText(ctx, v, p, r, f, number, "", note)
	w.ok(err)
	_, code := g.last(w.t)
	e, err := w.FinishText(ctx, v, p, r, f, code, "")
	w.ok(err)
	return e
}

// TestText: a number is saved once its code was typed, shown masked ever after,
// and what its codes prove is never called "mfa".
func TestText(t *testing.T) {
	w, g := textWorld(t)
	p, r := person("bob"), texting()
	v := w.begin(p, r, nil)
	setup, err := w.BeginText(ctx, v, p, r, nil, "0031 (6) 12-34 56 78", "", note)
	w.ok(err)
	number, code := g.last(t)
	if number != mobile || setup.Masked != "+31 •••78" || v.Phone != setup.Masked || v.Begun != KindSMS {
		t.Errorf("sent to %s, said %+v", number, setup)
	}
	if len(w.account(p).Methods) != 0 {
		t.Fatal("half an enrolment is saved")
	}
	_, err = w.FinishText(ctx, v, p, r, nil, "12345", "")
	w.refused(err, ErrBadCode)
	_, err = w.FinishText(ctx, v, p, r, nil, other(code), "")
	w.refused(err, ErrBadCode)
	e, err := w.FinishText(ctx, v, p, r, nil, code, "")
	w.ok(err)
	_, err = w.FinishText(ctx, v, p, r, nil, code, "")
	w.refused(err, ErrUsedCode)
	if m := e.Method; m.Kind != KindSMS || m.Masked != "+31 •••78" || m.First != "email" || len(e.RecoveryCodes) != 10 {
		t.Errorf("got %+v", e)
	}
	if !slices.Equal(e.Flag.AMR, []string{"sms"}) || e.Flag.Resistant {
		t.Errorf("the flag says %v", e.Flag.AMR)
	}

	w.clock.add(time.Minute)
	asked, err := w.AskText(ctx, p, r, 0, false, note)
	w.ok(err)
	_, code = g.last(t)
	other := p
	other.Session = "another session of bob"
	_, err = w.ProveText(ctx, other, r, asked.ID, code, false)
	w.refused(err, ErrWrongStep)
	f, err := w.ProveText(ctx, p, r, asked.ID, code[:3]+" "+code[3:], false)
	w.ok(err)
	if !slices.Equal(f.Methods, []string{"sms"}) || slices.Contains(f.AMR, "mfa") {
		t.Errorf("got %+v", f)
	}
	_, err = w.ProveText(ctx, p, r, asked.ID, code, false)
	w.refused(err, ErrUsedCode)
}

// other is a code that is not this one.
func other(code string) string {
	if code[0] == '1' {
		return "2" + code[1:]
	}
	return "1" + code[1:]
}

// TestText_AtRest: the number stands nowhere in the store's file, not even as a
// key, and no printing of an account shows it.
func TestText_AtRest(t *testing.T) {
	w, g := textWorld(t)
	p, r := person("bob"), texting()
	w.enrolText(g, p, r, nil, mobile)
	err := w.store.List(ctx, "", "", func(key string, rec store.Record) error {
		if strings.Contains(key+string(rec.Value), "612345678") {
			t.Errorf("the number is readable at %s", key)
		}
		return nil
	})
	w.ok(err)
	if shown := fmt.Sprintf("%+v %#v", w.account(p), w.account(p)); strings.Contains(shown, "612345678") {
		t.Errorf("shown: %s", shown)
	}
}

// TestS3_14_VirtualNumbersAreRefused, and whatever else is no mobile phone of one
// person, before anything is sent.
func TestS3_14_VirtualNumbersAreRefused(t *testing.T) {
	w, g := textWorld(t)
	p, r := person("bob"), texting()
	v := w.begin(p, r, nil)
	for _, c := range []struct{ what, number, detail string }{
		{"virtual", "+44 56 1234 5678", "number-kind"},
		{"personal", "+44 70 1234 5678", "number-kind"},
		{"virtual, Dutch", "+31 84 123 4567", "number-kind"},
		{"premium", "+31 900 1234", "number-kind"},
		{"premium, American", "+1 900 234 5678", "number-kind"},
		{"toll-free", "+1 800 234 5678", "number-kind"},
		{"fixed", "+31 20 123 4567", "number-kind"},
		{"no country", "06 12345678", "number-country"},
		{"too short", "+31 6 123", "number"},
		{"too long", "+31 6 1234567890123456", "number"},
		{"no number", "call me", "number"},
		{"two", "+31612345678,+31612345679", "number"},
		{"header", "+31612345678\r\nX: y", "number"},
		{"plus inside", "31+612345678", "number"},
		{"unknown country", "+999 123 456 789", "number"},
		{"nothing", " ", "number-country"},
		{"endless", strings.Repeat("+31612345678", 50), "number"},
	} {
		_, err := w.BeginText(ctx, v, p, r, nil, c.number, "", note)
		var e *Error
		if !errors.As(err, &e) || e.Reason != "bad-request" || e.Status != 400 || e.Detail != c.detail {
			t.Errorf("%s: %v (%+v)", c.what, err, e)
		}
	}
	if g.count() != 0 {
		t.Errorf("%d texts were sent", g.count())
	}
	for _, typed := range []string{"+31 6 12345678", "＋٣١٦١٢٣٤٥٦٧٨", "+1 (202) 555-0123", "+55 11 96123-4567", "+358 40 1234567", "+49 1512 3456789"} {
		if _, err := readNumber(typed); err != nil {
			t.Errorf("%s: %v", typed, err)
		}
	}
}

// TestText_GatewayIsDown: what could not be sent is not counted, and leaves
// nothing behind.
func TestText_GatewayIsDown(t *testing.T) {
	w, g := textWorld(t)
	p, r := person("bob"), texting()
	v := w.begin(p, r, nil)
	g.refuse(errors.New("no"))
	_, err := w.BeginText(ctx, v, p, r, nil, mobile, "", note)
	w.refused(err, ErrText)
	before := w.text(p)
	for range 10 {
		_, err := w.BeginText(ctx, v, p, r, nil, mobile, "", note)
		w.refused(err, ErrText)
	}
	if after := w.text(p); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	g.refuse(nil)
	_, err = w.BeginText(ctx, v, p, r, nil, mobile, "", note)
	w.ok(err)
	_, err = w.BeginText(ctx, v, p, r, nil, "", "", note) // again, to the same number
	w.ok(err)
	if number, _ := g.last(t); number != mobile {
		t.Errorf("sent to %s", number)
	}
	w.texter = nil
	_, err = w.BeginText(ctx, v, p, r, nil, mobile, "", note)
	w.refused(err, ErrText)
}

// TestText_LateCode: ten minutes, not a second more.
func TestText_LateCode(t *testing.T) {
	w, g := textWorld(t)
	p, r := person("bob"), texting()
	v := w.begin(p, r, nil)
	_, err := w.BeginText(ctx, v, p, r, nil, mobile, "", note)
	w.ok(err)
	_, code := g.last(t)
	w.clock.add(10 * time.Minute)
	_, err = w.FinishText(ctx, v, p, r, nil, code, "")
	w.refused(err, ErrExpired)
	_, err = w.BeginText(ctx, v, p, r, nil, mobile, "", note)
	w.ok(err)
	_, err = w.FinishText(ctx, v, p, r, nil, code, "")
	if _, fresh := g.last(t); fresh != code {
		w.refused(err, ErrBadCode)
	}
}

// TestText_LimitOfAnAccount: three texts in a quarter of an hour for setting up,
// three for proving, and a browser that proved before has its own.
func TestText_LimitOfAnAccount(t *testing.T) {
	w, g := textWorld(t)
	p, r := person("bob"), texting()
	v := w.begin(p, r, nil)
	nodes := []*Service{w.Service, w.node()}
	nodes[1].texter = g
	var sent, slowed atomic.Int32
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			own := *v // as every request has
			switch _, err := nodes[i%2].BeginText(ctx, &own, p, r, nil, mobile, "", note); {
			case err == nil:
				sent.Add(1)
			case errors.Is(err, ErrTooMany):
				slowed.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if sent.Load() != 3 || slowed.Load() != 37 || g.count() != 3 {
		t.Errorf("%d sent, %d slowed, %d texts", sent.Load(), slowed.Load(), g.count())
	}
	w.clock.add(time.Hour)
	q := person("carol")
	w.enrolText(g, q, r, nil, "+31612345679")
	for range 3 {
		_, err := w.AskText(ctx, q, r, 0, false, note)
		w.ok(err)
	}
	_, err := w.AskText(ctx, q, r, 0, false, note)
	w.refused(err, ErrTooMany)
	_, err = w.AskText(ctx, q, r, 0, true, note)
	w.ok(err)
}

// TestText_LimitOfANumber: many accounts together do not flood one phone.
func TestText_LimitOfANumber(t *testing.T) {
	w, g := textWorld(t)
	r := texting()
	var err error
	n := 0
	for ; n < 20; n++ {
		p := person(fmt.Sprintf("user%d", n))
		if _, err = w.BeginText(ctx, w.begin(p, r, nil), p, r, nil, mobile, "", note); err != nil {
			break
		}
	}
	w.refused(err, ErrTooMany)
	if n != textsOfNumber {
		t.Errorf("%d texts within an hour", n)
	}
	p := person("somebody")
	v := w.begin(p, r, nil)
	_, err = w.BeginText(ctx, v, p, r, nil, mobile, "", note)
	w.refused(err, ErrTooMany)
	_, err = w.BeginText(ctx, v, p, r, nil, "+31612345679", "", note) // what was refused cost nothing
	w.ok(err)
	_ = g
}

// TestText_LimitOfANumberIsOfItsPurpose: who pretends to set up somebody's number,
// or knows the password of its owner, uses up none of the texts with which that
// one's own browser proves, and slows nobody else of the tenant.
func TestText_LimitOfANumberIsOfItsPurpose(t *testing.T) {
	w, g := textWorld(t)
	p, eve, r := person("bob"), person("eve"), texting()
	w.enrolText(g, p, r, nil, mobile)
	w.clock.add(time.Hour)
	for range 2 {
		v := w.begin(eve, r, nil)
		for range 3 {
			if _, err := w.BeginText(ctx, v, eve, r, nil, mobile, "", note); err != nil {
				w.refused(err, ErrTooMany)
			}
			if _, err := w.AskText(ctx, p, r, 0, false, note); err != nil {
				w.refused(err, ErrTooMany)
			}
		}
		w.clock.add(window + time.Second)
	}
	v := w.begin(eve, r, nil)
	for range textsOfTenant {
		_, err := w.BeginText(ctx, v, eve, r, nil, mobile, "", note)
		w.refused(err, ErrTooMany)
	}
	for range 2 { // the second is no first of the day: the tenant's count slows it
		_, err := w.AskText(ctx, p, r, 0, true, note)
		w.ok(err)
	}
}

// TestText_LimitOfATenant slows whoever had one today, tells the operator once,
// and never refuses a person's first of the day.
func TestText_LimitOfATenant(t *testing.T) {
	w, g := textWorld(t)
	p, r := person("bob"), texting()
	w.enrolText(g, p, r, nil, mobile)
	w.ok(w.changeTexts(ctx, tenantTexts("default", "silva"), w.clock.now(), func(c *texts) bool {
		c.Hours = textsOfTenant - 1
		return true
	}))
	_, err := w.AskText(ctx, p, r, 0, false, note)
	w.ok(err)
	_, err = w.AskText(ctx, p, r, 0, false, note)
	w.refused(err, ErrTooMany)
	w.enrolText(g, person("carol"), r, nil, "+31612345679")
	w.fails.mu.Lock()
	said := fmt.Sprint(w.fails.errs)
	w.fails.mu.Unlock()
	if n := strings.Count(said, `tenant "silva" has had 300 sent`); n != 1 || strings.Contains(said, "6123") {
		t.Errorf("the operator is told %s", said)
	}
	w.clock.add(time.Hour)
	_, err = w.AskText(ctx, p, r, 0, false, note)
	w.ok(err)
}

// TestS3_7_TwoPhones: two at most, each its own, and either can be asked.
func TestS3_7_TwoPhones(t *testing.T) {
	w, g := textWorld(t)
	p, r := person("bob"), texting()
	e := w.enrolText(g, p, r, nil, mobile)
	v, err := w.BeginVisit(ctx, p, r, &e.Flag)
	w.ok(err)
	_, err = w.BeginText(ctx, v, p, r, &e.Flag, mobile, "", note)
	if w.refused(err, ErrLimit); err.(*Error).Detail != "number" {
		t.Errorf("got %+v", err)
	}
	w.enrolText(g, p, r, &e.Flag, "+31612345679")
	v, err = w.BeginVisit(ctx, p, r, &e.Flag)
	w.ok(err)
	_, err = w.BeginText(ctx, v, p, r, &e.Flag, "+31612345680", "", note)
	w.refused(err, ErrLimit)
	for which, want := range []string{mobile, "+31612345679"} {
		asked, err := w.AskText(ctx, p, r, which, false, note)
		w.ok(err)
		number, code := g.last(t)
		if number != want {
			t.Errorf("phone %d is %s", which, number)
		}
		_, err = w.ProveText(ctx, p, r, asked.ID, code, false)
		w.ok(err)
	}
	for _, which := range []int{-1, 2} {
		_, err = w.AskText(ctx, p, r, which, false, note)
		w.refused(err, ErrNotOffered)
	}
	// A new number takes an old one's place, and every other flag ends.
	w.clock.add(time.Hour)
	asked, err := w.AskText(ctx, p, r, 0, false, note)
	w.ok(err)
	_, code := g.last(t)
	f, err := w.ProveText(ctx, p, r, asked.ID, code, false)
	w.ok(err)
	v, err = w.BeginVisit(ctx, p, r, f)
	w.ok(err)
	_, err = w.BeginText(ctx, v, p, r, f, "+31612345680", e.Method.ID, note)
	w.ok(err)
	_, code = g.last(t)
	_, err = w.FinishText(ctx, v, p, r, f, code, "")
	w.ok(err)
	if m := w.account(p).Methods; len(m) != 2 || w.proves(p, f, w.clock.now()) {
		t.Errorf("got %+v", m)
	}
}

// TestRecoveryByText: a phone may be set up as a way back in alone.
func TestRecoveryByText(t *testing.T) {
	w, g := textWorld(t)
	p, r := person("bob"), silva()
	e, _ := w.enrol(p, r, nil)
	v, err := w.BeginVisit(ctx, p, r, &e.Flag)
	w.ok(err)
	_, err = w.BeginText(ctx, v, p, r, &e.Flag, mobile, "", note)
	w.refused(err, ErrNotOffered)
	r.Recovery = []Kind{KindCodes, KindSMS}
	w.enrolText(g, p, r, &e.Flag, mobile)
	asked, err := w.AskText(ctx, p, r, 0, false, note)
	w.ok(err)
	_, code := g.last(t)
	f, err := w.ProveText(ctx, p, r, asked.ID, code, false)
	w.ok(err)
	if !slices.Equal(f.Methods, []string{"sms"}) {
		t.Errorf("got %+v", f)
	}
}
