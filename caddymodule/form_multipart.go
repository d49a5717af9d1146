package caddymodule

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/url"
)

// multipartFields reads the fields of a multipart form that fits in memory.
func multipartFields(body []byte, boundary string) (url.Values, error) {
	if boundary == "" {
		return nil, errors.New("reading a form: no boundary")
	}
	if !bytes.Contains(body, []byte("--"+boundary+"--")) {
		return nil, errors.New("reading a form: its end is missing") // which the reader takes for an end
	}
	fields := make(url.Values)
	mr := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := mr.NextRawPart()
		if errors.Is(err, io.EOF) {
			return fields, nil
		}
		if err != nil {
			return nil, err
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		fields.Add(part.FormName(), string(value))
	}
}
