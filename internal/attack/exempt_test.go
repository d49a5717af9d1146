package attack

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// behindBalancer trusts a balancer on this machine, which appends the address that
// it was called from to what the client wrote.
var behindBalancer = strings.Replace(global, "protocols h1 h2c\n", "protocols h1 h2c\n\t\ttrusted_proxies static 127.0.0.1/32\n\t\ttrusted_proxies_strict\n", 1)

// exempting is a policy with one program that may come from its own network.
func exempting(until time.Time) string {
	return fmt.Sprintf(`version: 1
tenants:
  office:
    hosts: [office.test]
    require: mfa
    first: none
    methods: [totp, passkey]
    protect: [/documents, {path: /fresh, fresh: 5m}, {path: /vault, require: phishing-resistant}]
    enroll_from: [10.1.0.0/16]
    service_accounts:
      - {user: backup, from: [10.1.0.0/16], until: %s, owner: ana@office.test, reason: nightly copy}
`, until.UTC().Format("2006-01-02"))
}

// fromAddress is the balancer's word of where a request comes from.
func fromAddress(a string) string { return "X-Forwarded-For: " + a }

// TestDesign_H8_AnExemptionHasANetworkAndAnEnd: a program passes from its network, by
// the address that the balancer added and not by one that it was sent, until its end,
// and never where a person must have proved anew or against phishing.
func TestDesign_H8_AnExemptionHasANetworkAndAnEnd(t *testing.T) {
	for _, balanced := range []bool{true, false} {
		s := &site{t: t, app: newApp(t), dir: t.TempDir()}
		if balanced {
			s.global = behindBalancer
		}
		s.app.users["program"] = "backup"
		s.run(exempting(clock().Add(48*time.Hour)), plainSite)
		ask := func(target string, lines ...string) (reached bool) {
			s.app.last()
			raw(t, s.addr, message("GET", target, "office.test", append(lines, "Cookie: sid=program")...))
			r, _ := s.app.last()
			return r != nil
		}
		if got := ask(documents, fromAddress("10.1.2.3")); got != balanced {
			t.Errorf("balanced %v: from its network it reaches the app: %v", balanced, got)
		}
		for name, lines := range map[string][]string{
			"another network": {fromAddress("203.0.113.9")}, "no address": nil, "its network on the left": {fromAddress("10.1.2.3, 203.0.113.9")}, "in a field of its own": {fromAddress("10.1.2.3"), fromAddress("203.0.113.9")},
			"in another field": {"X-Real-Ip: 10.1.2.3", "Forwarded: for=10.1.2.3", "Client-Ip: 10.1.2.3", fromAddress("203.0.113.9")},
		} {
			if ask(documents, lines...) {
				t.Errorf("balanced %v: %s passes", balanced, name)
			}
		}
		for _, target := range []string{"/fresh", "/vault"} {
			if ask(target, fromAddress("10.1.2.3")) {
				t.Errorf("balanced %v: %s passes", balanced, target)
			}
		}
		if a := s.get(documents, fromAddress("10.1.2.3")); a.status == 200 {
			t.Errorf("balanced %v: bob passes from the program's network", balanced)
		}
		advance(t, 72*time.Hour)
		if ask(documents, fromAddress("10.1.2.3")) {
			t.Errorf("balanced %v: after its end it passes", balanced)
		}
	}
}

// TestDesign_H8_AnExemptionIsWrittenWhole: one without a network, an end, an owner or
// a reason does not load, so none is for everywhere or for ever by being forgotten.
func TestDesign_H8_AnExemptionIsWrittenWhole(t *testing.T) {
	whole := exempting(clock().Add(48 * time.Hour))
	line := whole[strings.Index(whole, "{user:"):]
	_, entry, _ := strings.Cut(strings.TrimSpace(line), "{user: backup, ")
	plain := "http://a.test {\nmfa {\n" + whoami + "\n}\nreverse_proxy %APP%\n}"
	if err := verdict(t, global, whole, plain); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"from: ", "until: ", "owner: ", "reason: "} {
		at := strings.Index(entry, key)
		end := at + strings.IndexAny(entry[at:], ",}")
		if err := verdict(t, global, strings.Replace(whole, entry[at:end], key+"~", 1), plain); err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(key, ": ")) {
			t.Errorf("without %s%v", key, err)
		}
		without := strings.Replace(whole, ", "+entry[at:end], "", 1)
		if err := verdict(t, global, without, plain); err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(key, ": ")+" is missing") {
			t.Errorf("without %s%v", key, err)
		}
	}
}

// TestDesign_H8_RegisteredFromThePlaceAlone: a thief with the password registers
// nothing from elsewhere, neither begun nor finished there, whatever he writes on the
// left of the balancer's word.
func TestDesign_H8_RegisteredFromThePlaceAlone(t *testing.T) {
	s := &site{t: t, app: newApp(t), dir: t.TempDir(), global: behindBalancer}
	s.run(exempting(clock().Add(48*time.Hour)), plainSite)
	v := s.visitor("office.test", "bob")
	v.base.Scheme = "http"
	call := func(from, path, body string) answer {
		return v.send("POST", "/.mfa/api/methods/totp"+path, body, "Content-Type", "application/json", "Origin", "http://office.test", "Sec-Fetch-Site", "same-origin", "X-Forwarded-For", from)
	}
	const elsewhere, here = "10.1.2.3, 203.0.113.9", "203.0.113.9, 10.1.2.3"
	if a := call(elsewhere, "", "{}"); a.reason() != "not-here" {
		t.Errorf("begun elsewhere: %d %s", a.status, a.reason())
	}
	var begun struct{ Secret string }
	if err := json.Unmarshal([]byte(call(here, "", "{}").body), &begun); err != nil || begun.Secret == "" {
		t.Fatalf("begun at the place: %v", err)
	}
	code, err := totp.GenerateCode(strings.ReplaceAll(begun.Secret, " ", ""), clock())
	if err != nil {
		t.Fatal(err)
	}
	finish := fmt.Sprintf(`{"code":%q}`, code)
	if a := call(elsewhere, "/verify", finish); a.reason() != "not-here" {
		t.Errorf("finished elsewhere: %d %s", a.status, a.reason())
	}
	s.clean("from elsewhere")
	if a := call(here, "/verify", finish); a.status != 200 {
		t.Errorf("finished at the place: %d %s", a.status, a.body)
	}
}
