package caddymodule

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strings"
)

// isJSON reports whether frameworks take a body of this type for JSON, whose
// members they mix with the fields of forms (Rails, Laravel, Express).
func isJSON(kind string) bool {
	return strings.HasSuffix(kind, "/json") || strings.HasSuffix(kind, "+json")
}

// jsonFields reads the members of a JSON object as the fields of a form: a text,
// a number or a boolean, or each one in a list. A name that stands twice has
// both values; what is deeper is nobody's field.
func jsonFields(body []byte) (url.Values, error) {
	fields := make(url.Values)
	if len(bytes.TrimSpace(body)) == 0 {
		return fields, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	first, err := d.Token()
	if err != nil {
		return nil, err
	}
	if first != json.Delim('{') {
		return fields, nil // a list or a bare value has no names
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for _, v := range list {
			switch v := v.(type) {
			case string:
				fields.Add(name.(string), v)
			case json.Number:
				fields.Add(name.(string), v.String())
			}
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading JSON: more than one value")
	}
	return fields, nil
}
