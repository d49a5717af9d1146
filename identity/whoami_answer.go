package identity

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetry bounds the rest an app may ask for.
const maxRetry = 10 * time.Minute

// readAnswer says what an answer is worth. State Known means a complete 200 of
// the expected type, which page then holds. Nobody is 401, 403 or a redirect.
// Anything else is Down: a limit, an error, a part of a page or a cached copy
// says nothing about the visitor, and taken for "nobody" it would let somebody
// signed in through as a stranger.
func readAnswer(res *http.Response, x extractor, now time.Time) (*page, Answer) {
	a := Answer{State: Nobody, SetCookie: res.Header["Set-Cookie"]}
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusMovedPermanently, http.StatusFound,
		http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return nil, a
	default:
		a = down(fmt.Errorf("the app answered with status %d", res.StatusCode))
		a.RetryAfter = retryAfter(res, now)
		return nil, a
	}
	if err := checkHeader(res.Header); err != nil {
		return nil, down(err)
	}
	p := &page{header: res.Header, media: mediaType(res.Header)}
	if !x.reads(p.media) {
		return nil, down(fmt.Errorf("the app answered with content type %q, which the expression is not for", p.media))
	}
	var err error
	if p.body, err = io.ReadAll(io.LimitReader(res.Body, MaxAnswer+1)); err != nil {
		return nil, down(fmt.Errorf("reading the app's answer: %w", err))
	}
	if len(p.body) > MaxAnswer {
		return nil, down(fmt.Errorf("the app's answer is over %d bytes", MaxAnswer))
	}
	if length := declaredLength(res); length >= 0 && length != int64(len(p.body)) {
		return nil, down(fmt.Errorf("the app's answer is cut: %d of %d bytes", len(p.body), length))
	}
	a.State = Known
	return p, a
}

// checkHeader refuses an answer that may be another visitor's, or is not
// plain.
func checkHeader(h http.Header) error {
	if len(h["Age"]) > 0 {
		return errors.New("the app's answer comes from a cache (Age)")
	}
	for _, v := range h["Cache-Control"] {
		for directive := range strings.SplitSeq(strings.ToLower(v), ",") {
			name, _, _ := strings.Cut(directive, "=")
			if name = strings.TrimSpace(name); name == "public" || name == "s-maxage" {
				return errors.New("the app's answer is for everybody (Cache-Control: " + name + ")")
			}
		}
	}
	for _, v := range h["Content-Encoding"] {
		if v = strings.TrimSpace(v); v != "" && !strings.EqualFold(v, "identity") {
			return errors.New("the app's answer is compressed although that was not asked for")
		}
	}
	if len(h["Content-Range"]) > 0 {
		return errors.New("the app's answer is a part (Content-Range)")
	}
	return nil
}

// mediaType is the media type of an answer, "" where it has none or two.
func mediaType(h http.Header) string {
	types := h["Content-Type"]
	if len(types) != 1 {
		return ""
	}
	media, _, err := mime.ParseMediaType(types[0])
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return ""
	}
	return media
}

// declaredLength is what Content-Length says, -1 for nothing.
func declaredLength(res *http.Response) int64 {
	if n, err := strconv.ParseInt(res.Header.Get("Content-Length"), 10, 64); err == nil {
		return n
	}
	return res.ContentLength
}

// retryAfter reads Retry-After (RFC 9110 10.2.3), 0 where there is none; an app
// that limits and does not say for how long gets a second.
func retryAfter(res *http.Response, now time.Time) time.Duration {
	s := res.Header.Get("Retry-After")
	d := time.Duration(0)
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		d = time.Duration(n) * time.Second
	} else if t, err := http.ParseTime(s); err == nil {
		d = t.Sub(now)
	}
	if d <= 0 && res.StatusCode == http.StatusTooManyRequests {
		d = time.Second
	}
	return min(max(d, 0), maxRetry)
}
