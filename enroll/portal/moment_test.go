package portal

import (
	"strings"
	"testing"
	"time"
)

// TestMoment_OnAPage: a time on a page says its zone, and carries what a script
// needs to say it in the reader's.
func TestMoment_OnAPage(t *testing.T) {
	words, _ := loadCatalogue()
	at := time.Date(2026, time.November, 24, 23, 5, 0, 0, time.FixedZone("", -3*3600))
	de := words.choose("de")
	if got := de.Local(at); got != `<time datetime="2026-11-25T02:05:00Z" data-local="moment">25. November 2026, 02:05 Uhr (UTC)</time>` {
		t.Errorf("Local = %s", got)
	}
	if got := de.Day(at); got != `<time datetime="2026-11-25T02:05:00Z" data-local="day">25. November 2026</time>` {
		t.Errorf("Day = %s", got)
	}
}

// TestMoment_ValuesAreEscaped: only what is HTML by its type is written as it is.
func TestMoment_ValuesAreEscaped(t *testing.T) {
	s := &speech{texts: map[string]string{"k": "<{a}> & {b}"}}
	got := string(s.H("k", "a", "<script>", "b", s.Day(time.Unix(0, 0))))
	if !strings.HasPrefix(got, "&lt;&lt;script&gt;&gt; &amp; <time datetime=") {
		t.Errorf("H = %s", got)
	}
}
