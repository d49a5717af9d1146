package identity

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
)

// MaxForm bounds how much of a form body is held back while it is looked into
// for credentials, in bytes. What comes later is watched while it passes.
const MaxForm = 64 << 10

// ErrLateCredential breaks off a form that turns out to carry a credential
// beyond its first MaxForm bytes: the app never gets the field.
var ErrLateCredential = errors.New("reading a form: it carries a credential beside the identity")

// inForm returns the name of a credential in a form body, "" where there is
// none. The body is left whole for the app. A longer form, an upload most of
// all, goes on and breaks off before a field that carries a credential is
// through.
func (c *Credentials) inForm(r *http.Request) (string, error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return "", nil
	}
	kind := formKind(r.Header)
	if kind == 0 {
		return "", nil
	}
	if why := UnreadableForm(r.Header); why != "" {
		return why, nil
	}
	if kind == jsonBody && (r.ContentLength < 0 || r.ContentLength > MaxForm || r.Header["Expect"] != nil) {
		r.Body = &body{&watchedReader{r.Body, newWatch(c, kind, r.Header)}, r.Body}
		return "", nil // no app reads the half of it
	}
	var buf bytes.Buffer
	_, err := io.CopyN(&buf, r.Body, MaxForm)
	whole := errors.Is(err, io.EOF)
	rest := r.Body
	head := bytes.NewReader(buf.Bytes())
	r.Body = &body{io.MultiReader(head, rest), rest}
	if err != nil && !whole {
		return "", err
	}
	w := newWatch(c, kind, r.Header)
	w.feed(buf.Bytes())
	if whole {
		w.end()
	} else if w.found == "" {
		r.Body = &body{io.MultiReader(head, &watchedReader{rest, w}), rest}
	}
	return w.found, nil
}

// body is a request's body whose beginning was read already.
type body struct {
	io.Reader
	io.Closer
}

// watchedReader passes a form on as long as nothing is found in it.
type watchedReader struct {
	r io.Reader
	w *watch
}

func (r *watchedReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.w.feed(p[:n])
	if errors.Is(err, io.EOF) {
		r.w.end()
	}
	if r.w.found != "" {
		return 0, ErrLateCredential
	}
	return n, err
}

type forms uint8

const (
	urlencoded forms = 1 << iota
	multipart
	jsonBody
)

// formKind says as which forms apps may read the body. Any of several
// Content-Type lines may be the one that counts.
func formKind(h http.Header) (kind forms) {
	for _, v := range h["Content-Type"] {
		v = strings.ToLower(strings.TrimLeft(v, " \t"))
		if strings.HasPrefix(v, "application/x-www-form-urlencoded") {
			kind |= urlencoded
		}
		if strings.HasPrefix(v, "multipart/") {
			kind |= multipart
		}
		if IsJSON(v) {
			kind |= jsonBody
		}
	}
	return kind
}

// UnreadableForm says why a form cannot be looked into although an app may
// well read it: compressed, or in a charset in which ASCII is not ASCII. No
// browser sends such a form.
func UnreadableForm(h http.Header) string {
	for _, v := range h["Content-Encoding"] {
		if v != "" && !strings.EqualFold(strings.TrimSpace(v), "identity") {
			return "a compressed form"
		}
	}
	for _, v := range h["Content-Type"] {
		_, charset, found := strings.Cut(strings.ToLower(v), "charset")
		if !found {
			continue
		}
		charset = strings.Trim(charset, " \t=\"'")
		plain := false
		for _, ok := range []string{"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-", "latin", "windows-125", "cp125"} {
			plain = plain || strings.HasPrefix(charset, ok)
		}
		if !plain {
			return "a form in an unusual charset"
		}
	}
	return ""
}
