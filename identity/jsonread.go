package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxJSONDepth bounds how deep objects and arrays may nest.
const maxJSONDepth = 64

// readJSON reads exactly one JSON value (RFC 8259) in valid UTF-8, numbers by
// their text. A member that stands twice in an object is an error: readers
// disagree on which one counts, and the app may have read the other.
func readJSON(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("reading JSON: not valid UTF-8")
	}
	if !json.Valid(data) {
		return nil, errors.New("reading JSON: not one whole value")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := readValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading JSON: data after the value")
	}
	return v, nil
}

func readValue(d *json.Decoder, depth int) (any, error) {
	if depth > maxJSONDepth {
		return nil, fmt.Errorf("reading JSON: nested deeper than %d", maxJSONDepth)
	}
	t, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("reading JSON: %w", err)
	}
	switch t {
	case json.Delim('{'):
		return readObject(d, depth)
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := readValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	return t, nil
}

func readObject(d *json.Decoder, depth int) (any, error) {
	object := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("reading JSON: %w", err)
		}
		name, _ := t.(string)
		if _, twice := object[name]; twice {
			return nil, errors.New("reading JSON: a member stands twice")
		}
		if object[name], err = readValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return object, err
}

// errTwoValues says that a path leads to two values.
var errTwoValues = errors.New("the path leads to two values")

// find follows a dotted path through a value; a step into an array is a
// number. A member may itself have dots in its name ("https://a.example/role"),
// so every way to cut the path is tried, and two that arrive are an error.
// An absent value is nil, false.
func find(v any, path string) (any, bool, error) {
	switch v := v.(type) {
	case map[string]any:
		var got any
		count := 0
		for i := 0; i <= len(path); i++ {
			if i < len(path) && path[i] != '.' {
				continue
			}
			next, ok := v[path[:i]]
			if !ok {
				continue
			}
			if i < len(path) {
				var err error
				if next, ok, err = find(next, path[i+1:]); err != nil {
					return nil, false, err
				}
			}
			if ok {
				got = next
				count++
			}
		}
		if count > 1 {
			return nil, false, errTwoValues
		}
		return got, count == 1, nil
	case []any:
		step, rest, more := strings.Cut(path, ".")
		i, err := strconv.Atoi(step)
		if err != nil || i < 0 || i >= len(v) || strconv.Itoa(i) != step {
			return nil, false, nil
		}
		if !more {
			return v[i], true, nil
		}
		return find(v[i], rest)
	}
	return nil, false, nil
}
