package enroll

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// Each change is told at the address of record, in the words of who composes.
func TestEvents(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), silva()
	w.SetCompose(func(e Event) Mail {
		if e.Person.User != "bob" || e.Rules.Tenant != "silva" || e.At.IsZero() {
			t.Errorf("got %+v", e)
		}
		return Mail{To: "nobody@example.com", Subject: e.Kind, Text: e.Method.Name}
	})
	e, _ := w.enrol(p, r, nil)
	_, err := w.NewRecoveryCodes(ctx, p, r, &e.Flag)
	w.ok(err)
	w.ok(w.Remove(ctx, p, r, &e.Flag, e.Method.ID))
	w.mails.Wait()
	got := map[string]string{}
	for _, m := range w.post.all()[1:] {
		if m.To != "bob@example.com" {
			t.Errorf("%s went to %s", m.Subject, m.To)
		}
		got[m.Subject] = m.Text
	}
	if len(got) != 3 || got["method-added"] != "phone" || got["method-removed"] != "phone" {
		t.Fatalf("got %v", got)
	}
	if _, ok := got["codes-renewed"]; !ok {
		t.Fatalf("got %v", got)
	}

}

// A notice that cannot be mailed does not undo the change, and is told.
func TestEventFails(t *testing.T) {
	w, p, r := newWorld(t), person("bob"), lax()
	w.post.refuse(errors.New("down"))
	w.enrol(p, r, nil)
	w.mails.Wait()
	if len(w.account(p).Methods) != 1 || len(w.fails.errs) != 1 || !strings.Contains(w.fails.errs[0].Error(), "down") {
		t.Fatalf("got %v", w.fails.errs)
	}
}

func TestPlainMails(t *testing.T) {
	for _, kind := range []string{"address-changed", "method-added", "method-removed", "codes-renewed", "code-spent"} {
		m := plainMail(Event{Kind: kind, At: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)})
		if strings.HasPrefix(m.Text, "\n") || !strings.Contains(m.Text, "24 November 2026, 12:00 UTC") || !strings.Contains(m.Text, "not you") {
			t.Errorf("%s: %q", kind, m.Text)
		}
	}
}
