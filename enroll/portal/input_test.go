package portal

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// patient is an answer that notes until when its request may be read.
type patient struct {
	*httptest.ResponseRecorder
	until time.Time
	set   int
}

func (p *patient) SetReadDeadline(t time.Time) error {
	p.until, p.set = t, p.set+1
	return nil
}

// TestAdvisory_PR4_ATrickledBodyIsNotWaitedFor: whoever sends a byte a minute is not waited for.
func TestAdvisory_PR4_ATrickledBodyIsNotWaitedFor(t *testing.T) {
	w := &patient{ResponseRecorder: httptest.NewRecorder()}
	var whileRead time.Time
	body := readerFunc(func(b []byte) (int, error) {
		whileRead = w.until
		return 0, io.EOF
	})
	r := httptest.NewRequest("POST", "/.mfa/api/email/verify", body)
	r.Header.Set("Content-Type", "application/json")
	if tn := (&turn{w: w, r: r}); !tn.readInput() || len(tn.in) != 0 {
		t.Fatalf("%q", tn.in)
	}
	if whileRead.IsZero() || !w.until.IsZero() || w.set != 2 {
		t.Errorf("while the body is read: %v; afterwards: %v", whileRead, w.until)
	}
	form := httptest.NewRequest("POST", "/", strings.NewReader("code=1"))
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if tn := (&turn{w: httptest.NewRecorder(), r: form}); !tn.readInput() || tn.in["code"] != "1" {
		t.Errorf("without deadlines: %q", tn.in)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
