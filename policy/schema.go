package policy

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Schema returns the JSON Schema (2020-12) of a policy file, for editors. What
// this version does not enforce yet is not in it, as the loader refuses it.
func Schema() []byte {
	tests := `{"type": "array", "items": {"type": "object", "required": ["want"], "additionalProperties": false, "properties": {` +
		`"as": {"type": "object", "required": ["user"], "additionalProperties": false, "properties": {` +
		`"user": ` + schemaValue + `, "tenant": ` + schemaValue + `, "roles": {"type": "array", "items": {"type": "string"}}, "email": ` + schemaText + `, ` +
		`"methods": {"type": "array", "items": {"pattern": "^(passkey|totp|email|sms|codes|oidc\\.[a-z0-9-]+)$"}}, "proven": ` + schemaDuration + `, "since": ` + schemaDuration + `, "from": ` + schemaText + `}}, ` +
		`"host": ` + schemaText + `, "want": {"enum": ` + mustJSON(wants()) + `}`
	for _, method := range testMethods {
		tests += `, "` + method + `": ` + schemaPrefix
	}
	tests += `}}}`
	text := `{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "caddy-mfa policy", "type": "object",` +
		`"required": ["version"], "additionalProperties": false, "properties": {` +
		`"version": {"const": 1},` +
		`"include": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"type": "string", "minLength": 1}},` +
		`"defaults": ` + schemaSettings(false) + `,` +
		`"tenants": {"type": "object", "minProperties": 1, "additionalProperties": ` + schemaSettings(true) + `},` +
		`"tests": ` + tests + `}}`
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(text), "", "  "); err != nil {
		panic("policy: the schema is no JSON: " + err.Error()) // a test builds it
	}
	return append(out.Bytes(), '\n')
}

// schemaSettings is the object of all keys of a tenant, or of the defaults.
func schemaSettings(own bool) string {
	var b strings.Builder
	b.WriteString(`{"type": "object", "additionalProperties": false, "properties": {`)
	comma := ""
	for _, k := range keys {
		if k.own && !own || k.schema == "false" {
			continue
		}
		b.WriteString(comma + `"` + k.name + `": ` + k.schema)
		comma = ", "
	}
	b.WriteString("}}")
	return b.String()
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("policy: " + err.Error()) // only lists of words come here
	}
	return string(b)
}
