package portal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// maxBody bounds what is read of a request, in bytes, and bodyTime how long its
// sender may take: one that trickles a byte a minute would hold a connection and
// its memory for as long as it likes.
const (
	maxBody  = 64 << 10
	bodyTime = 30 * time.Second
)

// inputFields are all the members that any call reads; another one is refused
// rather than ignored, so that a misspelt one is noticed.
var inputFields = []string{
	"action", "address", "code", "credential", "default", "name", "number", "replaces", "tenantId", "to", "trust_device",
}

// readInput reads what was sent: a flat JSON object, or a page's form. It
// answers and returns false where it cannot be read.
func (t *turn) readInput() bool {
	t.in = map[string]string{}
	if isRead(t.r) {
		return true
	}
	kind, _, err := mime.ParseMediaType(t.r.Header.Get("Content-Type"))
	if err != nil {
		kind = t.r.Header.Get("Content-Type")
	}
	// A writer without deadlines is that of a test, or of a server that has its own.
	until := http.NewResponseController(t.w)
	_ = until.SetReadDeadline(time.Now().Add(bodyTime))
	body, err := io.ReadAll(http.MaxBytesReader(t.w, t.r.Body, maxBody))
	_ = until.SetReadDeadline(time.Time{})
	if err != nil {
		t.refuseInput(http.StatusRequestEntityTooLarge, err)
		return false
	}
	switch {
	case kind == "application/x-www-form-urlencoded":
		t.form = true
		err = readForm(body, t.in)
	case kind == "application/json":
		err = readObject(body, t.in)
	case len(body) > 0:
		t.refuseInput(http.StatusUnsupportedMediaType, fmt.Errorf("reading a body: content type %q", kind))
		return false
	}
	if err != nil {
		t.refuseInput(http.StatusBadRequest, err)
		return false
	}
	return true
}

func (t *turn) refuseInput(status int, err error) {
	t.problem(&enroll.Error{Reason: "bad-request", Status: status, Err: err})
}

func readForm(body []byte, in map[string]string) error {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return fmt.Errorf("reading a form: %w", err)
	}
	for name, v := range values {
		if len(v) != 1 || !slices.Contains(inputFields, name) {
			return fmt.Errorf("reading a form: field %q", name)
		}
		in[name] = v[0]
	}
	return nil
}

// readObject reads one flat JSON object of strings and booleans. Unlike
// encoding/json it takes a name in one spelling only, once, and nothing nested
// but the credential, whose own reader bounds it: there is no depth for a sender
// to choose.
func readObject(body []byte, in map[string]string) error {
	if len(body) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		return errors.New("reading JSON: not an object")
	}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return fmt.Errorf("reading JSON: %w", err)
		}
		name, _ := tok.(string)
		if _, twice := in[name]; twice || !slices.Contains(inputFields, name) {
			return fmt.Errorf("reading JSON: member %q", name)
		}
		if name == "credential" {
			if err := readCredential(d, in); err != nil {
				return err
			}
			continue
		}
		value, err := d.Token()
		if err != nil {
			return fmt.Errorf("reading JSON: %w", err)
		}
		switch x := value.(type) {
		case string:
			in[name] = x
		case bool:
			in[name] = fmt.Sprint(x)
		case nil:
			in[name] = ""
		default:
			return fmt.Errorf("reading JSON: member %q is neither text nor boolean", name)
		}
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("reading JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("reading JSON: more than one value")
	}
	return nil
}

// chosen reports whether a boolean field is set: true, and what a checkbox
// sends.
func (t *turn) chosen(field string) bool {
	switch t.in[field] {
	case "true", "on", "1":
		return true
	}
	return false
}
