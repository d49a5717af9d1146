package policy

import (
	"strings"
	"testing"
)

// DokuWiki drops segments without a name and takes ":" and ";" for a slash, ThinkPHP takes
// "|" for one: what is protected is so in either manner.
func TestPartsOfAPath(t *testing.T) {
	const tenants = "version: 1\ntenants:\n  a: {require: mfa, hosts: [h], protect: [/hr, /docs/pay_roll]}\n"
	for name, p := range map[string]*Policy{
		"the host's":           mustParse(t, tenants+"  b: {hosts: [i]}\n"),
		"of one letter case":   mustParse(t, strings.Replace(tenants, "{require", "{case: sensitive, require", 1)),
		"with another's allow": mustParse(t, strings.Replace(tenants, "]}", "], allow: [/open]}", 1)),
	} {
		for path, hit := range map[string]bool{
			"/hr:salary": true, "/hr%3Asalary": true, "/hr|salary": true, "/hr:": true, "/:hr": true, "/-/hr/1": true, "/@/_/hr": true, "/%25/hr": true, "/%25hr": true, "/h%25r": true, "/-:hr:1": true,
			"/docs|pay_roll": true, "/docs;pay_roll": true, "/docs%3Bpay_roll;x": true, "/docs:pay_roll": true, "/docs:/pay_roll": true, "/docs/-/pay_roll": true, "/docs/pay:roll|x": true, "/docs|pay/roll": true,
			"/hrx:salary": false, "/open:hr": false, "/docs|pay": false, "/-/docs": false, "/docs/-": false, "/wiki/Special:Search": false, "/-": false, "/h:r": true, "/:": false,
		} {
			for host, by := range map[string]TenantBy{"h": ByHost, "elsewhere": ByIdentity} {
				f := known(host, path)
				f.TenantBy, f.TenantMapped, f.Who = by, by == ByIdentity, NotAsked
				if got := p.Decide(&f).Reason != ReasonOpen; got != hit {
					t.Errorf("%s: %s of %s is protected: %v", name, path, host, got)
				}
				if p.Spares(&f.Place, &f.Sent) && hit {
					t.Errorf("%s: %s of %s is spared", name, path, host)
				}
			}
		}
	}
}

// A path is allowed as it is written: what some app makes of its signs takes
// nothing back.
func TestAnAllowWithSignsInIt(t *testing.T) {
	p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [/, /wiki/Special, /my-devices], allow: [\"/wiki/Special:UserLogin\", /-/health, /my/devices]}}\n")
	for path, open := range map[string]bool{
		"/wiki/Special:UserLogin": true, "/wiki/Special%3AUserLogin/x": true, "/-/health": true, "/my/devices": true,
		"/wiki/Special:Users": false, "/wiki/Special/UserLogin": false, "/health": false, "/my_devices": false,
	} {
		f := known("h", path)
		if got := p.Decide(&f).Reason == ReasonOpen; got != open {
			t.Errorf("%s is open: %v", path, got)
		}
	}
}

// DokuWiki shows its page gehaelter by /gehälter as well, and WordPress in German:
// whichever of the two a prefix or a value has, both are met, and the letter alone.
func TestTwoLettersForOneWithAMark(t *testing.T) {
	for _, name := range []string{"gehaelter", "gehälter"} {
		p := mustParse(t, "version: 1\ntenants: {a: {require: mfa, protect: [/"+name+", {path: /i, query: {id: "+name+"}}], allow: [/gehaelter/über]}}\n")
		for path, hit := range map[string]bool{
			"/gehaelter": true, "/geh%C3%A4lter/1": true, "/GEH%C3%84LTER": true, "/geha%CC%88lter": true, "/geh%E4lter": true, "/-/geh%C3%A4lter:1": true, "/gehalter": name == "gehälter",
			"/i?id=gehaelter": true, "/i?id=geh%C3%A4lter": true, "/i?id=hr:geh%C3%A4lter": false, "/i?id=Geh%C3%84lter/1": true,
			"/gehaelter/%C3%BCber": false, "/geh%C3%B6lter": false, "/%C3%A4": false, "/gehoelter": false,
		} {
			f := known("h", path)
			f.Sent.Path, f.Sent.RawQuery, _ = strings.Cut(path, "?")
			if got := p.Decide(&f).Reason != ReasonOpen; got != hit {
				t.Errorf("%s: %s is protected: %v", name, path, got)
			}
		}
	}
}
