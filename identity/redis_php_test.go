package identity

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestReadPHPSession(t *testing.T) {
	// Made by PHP 8.2: session_encode() of texts, a nested array, an object, two
	// references to one array, an ArrayObject.
	real := "lang|s:9:\"pt|BR;x:1\";auth|a:6:{s:4:\"user\";s:5:\"jos\xc3\xa9\";s:5:\"roles\";a:2:{i:0;s:1:\"a\";i:1;s:1:\"b\";}" +
		"s:1:\"n\";i:42;s:1:\"f\";d:1.5;s:1:\"t\";b:1;s:2:\"no\";N;}obj|O:1:\"U\":3:{s:2:\"id\";i:7;s:7:\"\x00*\x00role\";s:5:\"admin\";" +
		"s:9:\"\x00U\x00secret\";s:1:\"x\";}r1|a:1:{i:0;i:1;}r2|R:15;" +
		"ao|O:11:\"ArrayObject\":4:{i:0;i:0;i:1;a:2:{i:0;i:1;i:1;i:2;}i:2;a:0:{}i:3;N;}"
	for path, want := range map[string]string{
		"lang": `"pt|BR;x:1"`, "auth.user": `"josé"`, "auth.roles": `["a","b"]`, "auth.roles.1": `"b"`, "auth.n": `42`, "auth.f": `1.5`,
		"auth.t": `true`, "auth.no": `null`, "obj.id": `7`, "obj.role": `"admin"`, "r2": `null`, "auth.missing": `null`, "auth": "",
	} {
		root, err := readPHPSession([]byte(real))
		if err != nil {
			t.Fatal(err)
		}
		v, _, err := findPHP(root, path)
		if err != nil {
			t.Fatal(path, err)
		}
		if got, _ := json.Marshal(v); want != "" && string(got) != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

// Some apps keep a session of their own as a text in PHP's.
func TestReadPHPSession_Nested(t *testing.T) {
	inner := `username|s:3:"bob";x|i:1;`
	root, err := readPHPSession(fmt.Appendf(nil, `a:2:{s:7:"changed";i:1;s:4:"vars";s:%d:"%s";}`, len(inner), inner))
	if err != nil {
		t.Fatal(err)
	}
	if v, ok, err := findPHP(root, "vars.username"); v != "bob" || !ok || err != nil {
		t.Fatalf("%v, %v, %v", v, ok, err)
	}
	if v, ok, err := findPHP(root, "vars.nobody"); v != nil || ok || err != nil {
		t.Fatalf("%v, %v, %v", v, ok, err)
	}
	for range maxNested + 1 {
		inner = fmt.Sprintf(`in|s:%d:"%s";`, len(inner), inner)
	}
	root, err = readPHPSession([]byte(inner))
	if err != nil {
		t.Fatal(err)
	}
	if v, ok, _ := findPHP(root, strings.Repeat("in.", maxNested+1)+"username"); ok {
		t.Fatalf("%v was found deeper than is looked", v)
	}
}

func TestReadPHPSession_Values(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		ok   bool
	}{
		"ok/empty":                      {``, true},
		"ok/array":                      {`a:0:{}`, true},
		"ok/enum":                       {`a|E:11:"Suit:Hearts";`, true},
		"ok/writes itself":              {`a|C:1:"X":5:{a;b}c}b|i:1;`, true},
		"ok/float":                      {`a|d:1.0E+25;b|d:-INF;c|d:-0;`, true},
		"ok/quote in a text":            {`a|s:4:"";a|";`, true},
		"fail/length too long":          {`a|s:4:"bob";`, false},
		"fail/length too short":         {`a|s:2:"bob";`, false},
		"fail/no quote at the end":      {`a|s:3:"bobx;`, false},
		"fail/length of all there is":   {`a|s:2147483647:"bob";`, false},
		"fail/length past a machine's":  {`a|s:99999999999999999999:"bob";`, false},
		"fail/negative length":          {`a|s:-1:"";`, false},
		"fail/length with a sign":       {`a|s:+3:"bob";`, false},
		"fail/length with a zero":       {`a|s:03:"bob";`, false},
		"fail/fewer pairs than said":    {`a|a:2:{i:0;i:1;}`, false},
		"fail/more pairs than said":     {`a|a:1:{i:0;i:1;i:1;i:2;}`, false},
		"fail/billions of pairs":        {`a|a:2147483647:{i:0;i:1;}`, false},
		"fail/cut":                      {`a|a:1:{i:0;i:1;`, false},
		"fail/key of no kind":           {`a|a:1:{b:0;i:1;}`, false},
		"fail/key twice":                {`a|a:2:{s:1:"u";i:1;s:1:"u";i:2;}`, false},
		"fail/key twice, one a number":  {`a|a:2:{i:1;i:1;s:1:"1";i:2;}`, false},
		"fail/variable twice":           {`u|i:1;u|i:2;`, false},
		"fail/property twice":           {"a|O:1:\"U\":2:{s:2:\"id\";i:7;s:5:\"\x00U\x00id\";i:8;}", false},
		"fail/data after":               {`a:0:{}x`, false},
		"fail/text of two bytes a sign": {`a|S:1:"\62";`, false},
		"fail/integer that is none":     {`a|i:1.5;`, false},
		"fail/integer with a zero":      {`a|i:01;`, false},
		"fail/integer too long":         {`a|i:99999999999999999999;`, false},
		"fail/boolean":                  {`a|b:2;`, false},
		"fail/hexadecimal":              {`a|d:0x1p3;`, false},
		"fail/reference":                {`a|R:x;`, false},
		"fail/igbinary":                 {"\x00\x00\x00\x02\x14\x01", false},
		"fail/a name with a brace":      {`a{|i:1;`, false},
		"fail/no name":                  {`|i:1;`, false},
		"fail/deep":                     {"a|" + strings.Repeat("a:1:{i:0;", 100) + "i:1;" + strings.Repeat("}", 100), false},
		"fail/many":                     {"a|a:70000:{" + strings.Repeat("i:0;i:1;", 70000) + "}", false},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := readPHPSession([]byte(tt.text))
			if (err == nil) != tt.ok {
				t.Fatalf("%v, %v", v, err)
			}
			if err != nil && v != nil {
				t.Fatalf("half a session: %v", v)
			}
		})
	}
}

// A session that cannot be read is none by half, and a text in one never names
// a user that the session's own field does not.
func FuzzPHPSession(f *testing.F) {
	for _, s := range []string{``, `user|s:3:"bob";`, `x|s:15:"user|s:3:"eve";";user|s:3:"bob";`, `a:1:{s:4:"user";i:7;}`, `x|C:1:"X":3:{a}b}`, `x|R:1;`, `x|O:1:"U":0:{}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := readPHPSession([]byte(text))
		if err != nil {
			if v != nil {
				t.Fatalf("%q: half a session: %v", text, v)
			}
			return
		}
		// Whatever an attacker can have the app keep as a text beside it changes
		// nothing of another variable.
		whole := fmt.Sprintf("note|s:%d:\"%s\";user_of_test|s:3:\"bob\";", len(text), text)
		root, err := readPHPSession([]byte(whole))
		if err != nil {
			t.Fatalf("%q: %v", whole, err)
		}
		user, _, err := findPHP(root, "user_of_test")
		note, _, err2 := findPHP(root, "note")
		if user != "bob" || note != text || err != nil || err2 != nil {
			t.Fatalf("%q: user %v, note %v", whole, user, note)
		}
	})
}
