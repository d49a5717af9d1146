package caddymodule

import "testing"

func TestWarnOfAdmin(t *testing.T) {
	by := func(admin string) string {
		return "{\n" + admin + "\nmfa p.yaml\n}\na.example {\nmfa\n}\nb.example {\nmfa\n}\n"
	}
	tests := []adaptCase{
		{name: "ok/default", caddyfile: by("")},
		{name: "ok/off", caddyfile: by("admin off")},
		{name: "ok/another port", caddyfile: by("admin localhost:2029")},
		{name: "ok/loopback of IPv6", caddyfile: by("admin [::1]:2029")},
		{name: "ok/socket", caddyfile: by("admin unix//run/caddy.sock")},
		{name: "warn/TestDesign_M5 every address", caddyfile: by("admin 0.0.0.0:2019"), warn: "the admin endpoint listens on 0.0.0.0:2019: whoever reaches it"},
		{name: "warn/no host", caddyfile: by("admin :2019"), warn: "the admin endpoint listens on :2019"},
		{name: "warn/an origin is no password", caddyfile: by("admin 10.0.0.1:2019 {\norigins 10.0.0.1\nenforce_origin\n}"), warn: "the admin endpoint listens on 10.0.0.1:2019"},
		{name: "warn/TestDesign_M11 mail in clear, meant", caddyfile: mailBy("smtp://mx.example.com:25", "insecure"), warn: "'insecure' sends codes"},
	}
	for _, test := range tests {
		t.Run(test.name, test.run)
	}
}
