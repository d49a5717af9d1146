package policy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

type object = map[string]any

func tenantSchema(t *testing.T) object {
	t.Helper()
	var root object
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	return root["properties"].(object)["tenants"].(object)["additionalProperties"].(object)["properties"].(object)
}

// The schema has every key of the parser's table, but for those that are only
// refused; what it lists as values the parser takes, and nothing beside them.
func TestSchemaAgreesWithTheParser(t *testing.T) {
	props := tenantSchema(t)
	for _, k := range keys {
		_, in := props[k.name]
		if refused := k.schema == "false"; in == refused {
			t.Errorf("%s: in the schema %v, refused %v", k.name, in, refused)
		}
		if k.schema != "false" && !k.own && k.copy == nil && !strings.Contains(k.schema, "const") {
			t.Errorf("%s has values and is not inherited", k.name)
		}
	}
	for name, schema := range props {
		s := schema.(object)
		values, _ := s["enum"].([]any)
		if c, ok := s["const"]; ok {
			values = append(values, c)
		}
		for _, v := range values {
			text := head1 + "    " + name + ": " + mustJSON(v) + "\n"
			if w, ok := v.(string); ok {
				text = head1 + "    " + name + ": " + w + "\n"
			}
			if v == "phishing-resistant" {
				text += "    methods: [passkey]\n" // without it, nobody could pass
			}
			if _, err := parseText(text, Options{}); err != nil {
				t.Errorf("%s: %v: the schema takes it, the parser says %v", name, v, err)
			}
		}
		if len(values) > 0 {
			if _, err := parseText(head1+"    "+name+": else\n", Options{}); err == nil {
				t.Errorf("%s: the schema refuses \"else\", the parser takes it", name)
			}
		}
	}
	for _, k := range entryKeys["protect"] {
		if !strings.Contains(schemaProtect, `"`+k+`"`) {
			t.Errorf("protect.%s is not in the schema", k)
		}
	}
	for _, k := range entryKeys["allow"] {
		if !strings.Contains(schemaAllow, `"`+k+`"`) {
			t.Errorf("allow.%s is not in the schema", k)
		}
	}
}

func TestSchemaOfTests(t *testing.T) {
	var root object
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	item := root["properties"].(object)["tests"].(object)["items"].(object)["properties"].(object)
	if w := item["want"].(object)["enum"].([]any); len(w) != len(wants()) || !slices.Contains(w, any("no-identity")) {
		t.Errorf("want: %v", w)
	}
	for _, m := range testMethods {
		if item[m] == nil {
			t.Errorf("%s is not in the schema", m)
		}
	}
	if root["properties"].(object)["defaults"].(object)["properties"].(object)["hosts"] != nil {
		t.Error("defaults have hosts")
	}
}
