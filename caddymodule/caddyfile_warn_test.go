package caddymodule

import (
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// adaptCase is one Caddyfile and what it must lead to: the error that has want
// in it, or none where want is empty, or JSON that has what follows "json:" in
// it (white space left out); and the warning that has warn in it, or none.
type adaptCase struct{ name, caddyfile, want, warn string }

func (c adaptCase) run(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	before := adaptLog
	adaptLog = func() *zap.Logger { return zap.New(core) }
	defer func() { adaptLog = before }()

	got, err := adapt(c.caddyfile)
	part, isJSON := strings.CutPrefix(c.want, "json:")
	switch {
	case isJSON && (err != nil || !strings.Contains(strings.Join(strings.Fields(got), ""), part)):
		t.Fatalf("error: %v, JSON: %s\nwant: %s", err, got, part)
	case c.want == "" && err != nil:
		t.Fatalf("refused: %v", err)
	case c.want != "" && !isJSON && err == nil:
		t.Fatalf("adapted, want the error %s", c.want)
	case c.want != "" && !isJSON && !strings.Contains(err.Error(), c.want):
		t.Fatalf("error: %v\nwant:  %s", err, c.want)
	}
	var said []string
	for _, entry := range logs.All() {
		said = append(said, entry.Message)
	}
	if all := strings.Join(said, "\n"); c.warn == "" && all != "" && c.want == "" || !strings.Contains(all, c.warn) {
		t.Fatalf("warned: %s\nwant:   %s", all, c.warn)
	}
}
