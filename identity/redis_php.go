package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Bounds of a PHP session.
const (
	maxPHPDepth = 64
	maxPHPItems = 1 << 16
)

var errPHP = errors.New("it is no PHP session: where session.serialize_handler is igbinary, msgpack or php_binary, or redis.session.compression is set, set session.serialize_handler = php and no compression")

// readPHPSession reads what session.serialize_handler php or php_serialize
// writes: variables one after the other, each as name|value, or one serialized
// array. A text of the first kind cannot begin as the second does, since no
// variable's name has a colon before its '|'.
//
// Nothing is made of what it says of classes, and no length is believed: a text
// must end where its length says, with the quote that PHP wants there, and an
// array must hold as many pairs as it says, which come one by one.
func readPHPSession(raw []byte) (any, error) {
	p := &phpReader{rest: raw}
	vars, err := p.session()
	if err != nil {
		return nil, fmt.Errorf("at byte %d: %w", len(raw)-len(p.rest), err)
	}
	return vars, nil
}

type phpReader struct {
	rest  []byte
	items int
}

func (p *phpReader) session() (any, error) {
	if len(p.rest) == 0 {
		return map[string]any{}, nil
	}
	if bar, colon := bytes.IndexByte(p.rest, '|'), bytes.IndexByte(p.rest, ':'); bar < 0 || colon >= 0 && colon < bar {
		v, err := p.value(0)
		if err == nil && len(p.rest) > 0 {
			err = errPHP
		}
		return v, err
	}
	vars := map[string]any{}
	for len(p.rest) > 0 {
		name, rest, found := bytes.Cut(p.rest, []byte("|"))
		if !found || len(name) == 0 || bytes.ContainsAny(name, ":;{}\"!") {
			return nil, errPHP
		}
		p.rest = rest
		v, err := p.value(0)
		if err != nil {
			return nil, err
		}
		if _, twice := vars[string(name)]; twice {
			return nil, errors.New("a variable stands twice")
		}
		vars[string(name)] = v
	}
	return vars, nil
}

// value reads one serialized value. References and objects that serialize
// themselves are kept as nothing: no fact stands in them.
func (p *phpReader) value(depth int) (any, error) {
	if p.items++; depth > maxPHPDepth || p.items > maxPHPItems {
		return nil, fmt.Errorf("it nests deeper than %d or holds more than %d values", maxPHPDepth, maxPHPItems)
	}
	if bytes.HasPrefix(p.rest, []byte("N;")) {
		p.rest = p.rest[2:]
		return nil, nil
	}
	if len(p.rest) < 2 || p.rest[1] != ':' {
		return nil, errPHP
	}
	kind := p.rest[0]
	p.rest = p.rest[2:]
	switch kind {
	case 'b':
		text, err := p.until(';')
		if err == nil && text != "0" && text != "1" {
			err = errPHP
		}
		return text == "1", err
	case 'i':
		text, err := p.until(';')
		return p.integer(text, err)
	case 'd':
		text, err := p.until(';')
		return p.float(text, err)
	case 's':
		text, err := p.text(';')
		return text, err
	case 'a':
		return p.array(depth)
	case 'O':
		if _, err := p.text(':'); err != nil {
			return nil, err
		}
		return p.array(depth)
	case 'C':
		return nil, p.custom()
	case 'E':
		_, err := p.text(';')
		return nil, err
	case 'r', 'R':
		text, err := p.until(';')
		if _, bad := p.integer(text, err); bad != nil {
			return nil, bad
		}
		return nil, nil
	}
	return nil, errPHP
}

// until takes what stands before a byte, at most 32 bytes, and the byte.
func (p *phpReader) until(end byte) (string, error) {
	i := bytes.IndexByte(p.rest[:min(len(p.rest), 33)], end)
	if i < 0 {
		return "", errPHP
	}
	text := string(p.rest[:i])
	p.rest = p.rest[i+1:]
	return text, nil
}

func (p *phpReader) integer(text string, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		return nil, errPHP
	}
	return json.Number(text), nil
}

func (p *phpReader) float(text string, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	if text == "NAN" || text == "INF" || text == "-INF" {
		return nil, nil
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil || strings.ContainsAny(text, "xX_pPnN") {
		return nil, errPHP
	}
	return json.Number(text), nil
}

// length reads a count and the colon after it.
func (p *phpReader) length() (int, error) {
	text, err := p.until(':')
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || strconv.FormatUint(n, 10) != text {
		return 0, errPHP
	}
	return int(n), nil
}

// text reads length, quoted bytes and the byte after them.
func (p *phpReader) text(end byte) (string, error) {
	n, err := p.length()
	if err != nil {
		return "", err
	}
	if n > len(p.rest)-3 || p.rest[0] != '"' || p.rest[n+1] != '"' || p.rest[n+2] != end {
		return "", errPHP
	}
	text := string(p.rest[1 : n+1])
	p.rest = p.rest[n+3:]
	return text, nil
}

// array reads count, brace, pairs and brace. One of which the keys count up
// from 0 is a list.
func (p *phpReader) array(depth int) (any, error) {
	n, err := p.length()
	if err != nil {
		return nil, err
	}
	if len(p.rest) == 0 || p.rest[0] != '{' {
		return nil, errPHP
	}
	p.rest = p.rest[1:]
	object, list := map[string]any{}, []any{}
	for i := range n {
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if _, twice := object[key]; twice {
			return nil, errors.New("a key stands twice")
		}
		object[key] = v
		if key == strconv.Itoa(i) {
			list = append(list, v)
		}
	}
	if len(p.rest) == 0 || p.rest[0] != '}' {
		return nil, errPHP
	}
	p.rest = p.rest[1:]
	if n > 0 && len(list) == n {
		return list, nil
	}
	return object, nil
}

// key reads a key of an array or the name of a property, of which those that
// are not public have their class between two zero bytes before it.
func (p *phpReader) key() (string, error) {
	if len(p.rest) < 2 || p.rest[0] != 'i' && p.rest[0] != 's' {
		return "", errPHP
	}
	v, err := p.value(0)
	switch v := v.(type) {
	case json.Number:
		return v.String(), err
	case string:
		return v[strings.LastIndexByte(v, 0)+1:], err
	}
	return "", err
}

// custom skips an object that wrote itself: its class, a length, and that many
// bytes in braces.
func (p *phpReader) custom() error {
	if _, err := p.text(':'); err != nil {
		return err
	}
	n, err := p.length()
	if err != nil {
		return err
	}
	if n > len(p.rest)-2 || p.rest[0] != '{' || p.rest[n+1] != '}' {
		return errPHP
	}
	p.rest = p.rest[n+2:]
	return nil
}
