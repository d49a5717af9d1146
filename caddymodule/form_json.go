package caddymodule

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strconv"
)

// jsonFields reads the members of a JSON object as the fields of a form: a text,
// a number or a boolean, and every one in a list or an object, as a form's
// "name[]=…" and "name[a][b]=…". A name that stands twice has both values. A name
// inside another one's object is nobody's field.
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
		addValues(fields, name.(string), value)
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading JSON: more than one value")
	}
	return fields, nil
}

func addValues(fields url.Values, name string, value any) {
	switch v := value.(type) {
	case string:
		fields.Add(name, v)
	case json.Number:
		fields.Add(name, v.String())
	case bool:
		fields.Add(name, strconv.FormatBool(v))
		if v {
			fields.Add(name, "1") // PHP's text of it
		}
	case []any:
		for _, one := range v {
			addValues(fields, name, one)
		}
	case map[string]any:
		for _, one := range v {
			addValues(fields, name, one)
		}
	}
}
