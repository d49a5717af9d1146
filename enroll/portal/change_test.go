package portal_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// inPlace is where a page leads to change a number or an address; "": nowhere.
func inPlace(page *answer, label string) string {
	found := regexp.MustCompile(`href="([^"]*replaces=[^"]*)">` + label + `<`).FindStringSubmatch(page.body)
	if found == nil {
		return ""
	}
	return strings.ReplaceAll(found[1], "&amp;", "&")
}

// hidden is the method that a page's form says it takes the place of.
func hidden(page *answer) string {
	found := regexp.MustCompile(`name="replaces" value="([^"]*)"`).FindStringSubmatch(page.body)
	if found == nil {
		return ""
	}
	return found[1]
}

// TestS3_6_ANumberIsChanged: without scripts, from the list and back, with two
// phones where no third may be; until the new number is proven the old one counts.
func TestS3_6_ANumberIsChanged(t *testing.T) {
	site := newSite(t)
	change(site, func(r *enroll.Rules) { r.Methods = []enroll.Kind{enroll.KindSMS} })
	c := confirmed(t, site, "ana")
	const begin, finish = "/.mfa/api/methods/sms", "/.mfa/api/methods/sms/verify"
	enrolledWith(t, site, c, enroll.KindSMS, "+31612345678")
	c.call("POST", begin, `{"number":"+31612345679"}`).want(t, 200)
	c.call("POST", finish, `{"code":"`+texted(t, site)+`","name":"Work"}`).want(t, 200)

	list := c.get("/.mfa/").want(t, 200)
	if n := strings.Count(list.body, ">Change the number<"); n != 2 {
		t.Fatalf("%d numbers can be changed: %s", n, list.body)
	}
	way := regexp.MustCompile(`href="([^"]*)">Change the number<`).FindAllStringSubmatch(list.body, -1)[1][1]
	page := c.get(strings.ReplaceAll(way, "&amp;", "&")).want(t, 200)
	id := hidden(page)
	if !strings.Contains(page.body, "<h1>Change the number</h1>") || !strings.Contains(page.body, "31\u00a0•••79") || id == "" || strings.Contains(page.body, "different method") || !strings.Contains(page.body, `<a class="quiet" href="/.mfa/">Leave it as it is</a>`) {
		t.Errorf("the page: %s", page.body)
	}
	for _, l := range []string{"replaces=" + id, "way=sms"} {
		if !regexp.MustCompile(`href="[^"]*` + l + `[^"]*lng=ar`).MatchString(page.body) {
			t.Errorf("another language is another page, without %s: %s", l, page.body)
		}
	}
	wrong := c.submit(begin, "number", "0612345670", "replaces", id).want(t, 400)
	if hidden(wrong) != id || !strings.Contains(wrong.body, "and the country code") {
		t.Errorf("a wrong number: %s", wrong.body)
	}
	c.submit(begin, "number", "+31612345678", "replaces", id).want(t, 409) // the other phone's
	site.Clock.Add(20 * time.Minute)
	c = signedInAgain(t, c)
	c.call("POST", "/.mfa/api/verify/sms", "").want(t, 200)
	c.call("POST", "/.mfa/api/verify/sms/verify", `{"code":"`+texted(t, site)+`"}`).want(t, 200)
	sent := c.follow(c.submit(begin, "number", "+31612345670", "replaces", id))
	if !strings.Contains(sent.body, "31\u00a0•••70") || hidden(sent) != id || strings.Count(sent.body, `name="replaces"`) != 2 {
		t.Errorf("after the text was sent: %s", sent.body)
	}
	if other := c.get(strings.ReplaceAll(regexp.MustCompile(`href="([^"]*)">Use another number<`).FindStringSubmatch(sent.body)[1], "&amp;", "&")).want(t, 200); hidden(other) != id || !strings.Contains(other.body, `name="number"`) {
		t.Errorf("another number: %s", other.body)
	}
	if full := c.get("/.mfa/enroll?way=sms"); strings.Contains(full.body, `name="code"`) || strings.Contains(full.body, `name="number"`) {
		t.Errorf("a third phone: %s", full.body)
	}
	if bad := c.submit(finish, "code", "000000", "replaces", id).want(t, 400); hidden(bad) != id || !strings.Contains(bad.body, `id="code-problem"`) {
		t.Errorf("a wrong code: %s", bad.body)
	}
	if list := c.get("/.mfa/").want(t, 200); !strings.Contains(list.body, "•••79") || strings.Contains(list.body, "•••70") {
		t.Errorf("before it is proven: %s", list.body)
	}
	again := c.follow(c.submit(begin, "replaces", id)) // the code once more
	c.submit(finish, "code", texted(t, site), "replaces", hidden(again)).want(t, 200)
	list = c.get("/.mfa/").want(t, 200)
	if strings.Contains(list.body, "•••79") || !strings.Contains(list.body, "•••70") || !strings.Contains(list.body, "•••78") || !strings.Contains(list.body, ">Work<") {
		t.Errorf("afterwards: %s", list.body)
	}
}

// TestS3_6_AnAddressIsChanged: mailed codes follow the address of record only once
// their owner has asked for it, and has read a code there.
func TestS3_6_AnAddressIsChanged(t *testing.T) {
	site := newSite(t)
	change(site, func(r *enroll.Rules) { r.Methods = []enroll.Kind{enroll.KindEmail} })
	c := confirmed(t, site, "ana")
	c.submit("/.mfa/api/methods/email/verify").want(t, 200)
	const label = "Use my current address"
	if list := c.get("/.mfa/").want(t, 200); inPlace(list, label) != "" || inPlace(list, "Change the number") != "" {
		t.Errorf("nothing has changed: %s", list.body)
	}
	site.Moved = "nova.example"
	notice := func() {
		t.Helper()
		p := enroll.Person{Realm: "default", User: "ana", Tenant: site.Tenant, Email: "ana@nova.example"}
		if err := site.Service.Notice(t.Context(), p, site.Rules[site.Tenant]); err != nil {
			t.Fatal(err)
		}
	}
	notice()
	if err := site.Service.Close(); err != nil { // the old address is told in the background
		t.Fatal(err)
	}
	site.Clock.Add(8 * 24 * time.Hour)
	notice()
	c = signedInAgain(t, c)
	prove := func() {
		t.Helper()
		c.call("POST", "/.mfa/api/verify/email", "").want(t, 200)
		all := site.Mails.All()
		if to := all[len(all)-1].To; to != "ana@cliente.example" {
			t.Errorf("before it was asked for, codes go to %s", to)
		}
		c.call("POST", "/.mfa/api/verify/email/verify", `{"code":"`+mailed(t, site)+`"}`).want(t, 200)
	}
	prove()
	list := c.get("/.mfa/").want(t, 200)
	way := inPlace(list, label)
	if way == "" {
		t.Fatalf("the list: %s", list.body)
	}
	page := c.get(way).want(t, 200)
	id := hidden(page)
	if !strings.Contains(page.body, "<h1>Use your current address</h1>") || !strings.Contains(page.body, "a•••@nova.example") || !strings.Contains(page.body, "a•••@cliente.example") || id == "" {
		t.Errorf("the page: %s", page.body)
	}
	sent := c.follow(c.submit("/.mfa/api/methods/email", "replaces", id))
	if !strings.Contains(sent.body, `name="code"`) || hidden(sent) != id {
		t.Errorf("after the mail was sent: %s", sent.body)
	}
	all := site.Mails.All()
	if to := all[len(all)-1].To; to != "ana@nova.example" {
		t.Errorf("the code went to %s", to)
	}
	c.submit("/.mfa/api/methods/email/verify", "code", mailed(t, site), "replaces", id).want(t, 200)
	if list := c.get("/.mfa/").want(t, 200); !strings.Contains(list.body, "a•••@nova.example") || strings.Contains(list.body, "cliente.example") || inPlace(list, label) != "" {
		t.Errorf("afterwards: %s", list.body)
	}
}

// TestS3_6_WhatIsNotChanged: an app and a passkey are made anew, what another
// tenant's is stays there, and nobody is led to what would be refused.
func TestS3_6_WhatIsNotChanged(t *testing.T) {
	site := newSite(t)
	change(site, texting)
	c := confirmed(t, site, "ana")
	phone := enrolledWith(t, site, c, enroll.KindSMS, "+31612345678")
	if inPlace(c.get("/.mfa/").want(t, 200), "Change the number") == "" {
		t.Error("a number cannot be changed where it can")
	}
	app := enrolledWith(t, site, c, enroll.KindTOTP, "")
	list := c.get("/.mfa/").want(t, 200)
	if n := strings.Count(list.body, "replaces="); n != 1 || !strings.Contains(inPlace(list, "Change the number"), phone) {
		t.Errorf("%d can be changed: %s", n, list.body)
	}
	if page := c.get("/.mfa/enroll?way=totp&replaces="+app).want(t, 200); hidden(page) != "" || !strings.Contains(page.body, `action="/.mfa/api/methods/totp"`) {
		t.Errorf("an app: %s", page.body)
	}
	site.Clock.Add(6 * time.Minute)
	if list := c.get("/.mfa/").want(t, 200); strings.Contains(list.body, "replaces=") {
		t.Errorf("after an old proof: %s", list.body)
	}
	change(site, func(r *enroll.Rules) { r.Methods, r.Manage = []enroll.Kind{enroll.KindTOTP}, 0 })
	if list := c.get("/.mfa/").want(t, 200); strings.Contains(list.body, "replaces=") {
		t.Errorf("where none are taken any more: %s", list.body)
	}
}
