package caddymodule

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"regexp"
	"strings"
)

// plainDisposition is how browsers and HTTP libraries name a field (HTML,
// multipart/form-data encoding algorithm). Of `name*`, a second name or a stray
// quote, each reader makes something else: to PHP single quotes are quotes too.
var plainDisposition = regexp.MustCompile(`(?i)^form-data; ?name=("[^"\\\r\n]*"|[^"'\\;\s]+)(; ?filename=("[^"\\\r\n]*"|[^"'\\;\s]+))?(; ?filename\*=[^;\s]+)?$`)

var errOddForm = errors.New("reading a form: other readers would find other fields in it")

// multipartFields reads the fields of a multipart form that fits in memory. It
// refuses one that a second reader could divide or name otherwise: PHP ends a
// part at any boundary after a line end, be it CRLF or LF.
func multipartFields(body []byte, boundary string) (url.Values, error) {
	if boundary == "" {
		return nil, errors.New("reading a form: no boundary")
	}
	dash := []byte("--" + boundary)
	if !bytes.Contains(body, append(bytes.Clone(dash), "--"...)) {
		return nil, errors.New("reading a form: its end is missing") // which the reader takes for an end
	}
	fields := make(url.Values)
	parts := 0
	mr := multipart.NewReader(bytes.NewReader(body), boundary)
	for ; ; parts++ {
		part, err := mr.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		named := part.Header["Content-Disposition"]
		if len(named) != 1 || !plainDisposition.MatchString(named[0]) || part.FormName() == "" || encoded(part.Header) {
			return nil, errOddForm
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		fields.Add(part.FormName(), string(value))
	}
	if bytes.Count(body, dash) != parts+1 {
		return nil, errOddForm
	}
	return fields, nil
}

// encoded reports whether a part's value is written in another way than its
// bytes (RFC 2045, section 6.1), which Django decodes and others do not.
func encoded(h textproto.MIMEHeader) bool {
	for _, how := range h["Content-Transfer-Encoding"] {
		switch strings.ToLower(strings.TrimSpace(how)) {
		case "7bit", "8bit", "binary":
		default:
			return true
		}
	}
	return false
}
