package portal_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-mfa/caddy-mfa/enroll"
	"github.com/caddy-mfa/caddy-mfa/enroll/portal/portaltest"
)

// choicesOf are the kinds that a page of choices leads to, in their order.
func choicesOf(page string) (kinds []string) {
	for _, part := range strings.Split(page, `class="choice" href="`)[1:] {
		address, _, _ := strings.Cut(part, `"`)
		if u, err := url.Parse(strings.ReplaceAll(address, "&amp;", "&")); err == nil {
			kinds = append(kinds, u.Query().Get("way"))
		}
	}
	return kinds
}

// TestS3_30_AnotherMethod: while a method is set up, "a different one" leads to a
// choice of exactly what the tenant allows, the strongest first; where there is
// one alone, there is no such link. S3.16: what the policy newly allows is there
// at the next look, without anything else.
func TestS3_30_AnotherMethod(t *testing.T) {
	site := newKeySite(t)
	c := confirmed(t, site, "ana")
	const other = "I want to set up a different method"
	for _, methods := range [][]enroll.Kind{
		{enroll.KindTOTP}, {enroll.KindEmail}, {enroll.KindTOTP, enroll.KindEmail}, {enroll.KindEmail, enroll.KindSMS, enroll.KindTOTP},
		{enroll.KindEmail, enroll.KindSMS, enroll.KindTOTP, enroll.KindPasskey},
	} {
		change(site, func(r *enroll.Rules) { r.Methods = methods })
		var want []string
		for _, kind := range []enroll.Kind{enroll.KindPasskey, enroll.KindTOTP, enroll.KindSMS, enroll.KindEmail} {
			if slices.Contains(methods, kind) {
				want = append(want, string(kind))
			}
		}
		for _, kind := range want {
			page := c.get("/.mfa/enroll?way="+kind).want(t, 200)
			if has := strings.Contains(page.body, other); has != (len(want) > 1) {
				t.Errorf("%v, at %s: the link is there: %v", methods, kind, has)
			}
		}
		if len(want) > 1 {
			if got := choicesOf(c.get("/.mfa/enroll?way=choose").want(t, 200).body); !slices.Equal(got, want) {
				t.Errorf("%v: the choice is %v", methods, got)
			}
		}
		state := c.call("GET", "/.mfa/api/state", "").json(t)
		var offered []string
		for _, kind := range state["offered"].([]any) {
			offered = append(offered, kind.(string))
		}
		if !slices.Equal(offered, want) {
			t.Errorf("S3.16, %v: offered %v", methods, offered)
		}
		for _, kind := range []enroll.Kind{enroll.KindPasskey, enroll.KindTOTP, enroll.KindSMS, enroll.KindEmail} {
			if !slices.Contains(methods, kind) {
				c.call("POST", "/.mfa/api/methods/"+string(kind), `{}`).refused(t, 403, "not-offered")
			}
		}
	}
}

// enrolledWith sets up one more method of a kind, with what its rights need.
func enrolledWith(t *testing.T, site *portaltest.Site, c *client, kind enroll.Kind, number string) string {
	t.Helper()
	begin, finish := "/.mfa/api/methods/"+string(kind), "/.mfa/api/methods/"+string(kind)+"/verify"
	body := "{}"
	switch kind {
	case enroll.KindPasskey:
		device := newDevice()
		done := c.call("POST", finish, `{"credential":`+c.created(device)+`}`).want(t, 200).json(t)
		return done["method"].(map[string]any)["id"].(string)
	case enroll.KindTOTP:
		key := c.call("POST", begin, "").want(t, 200).json(t)["secret"].(string)
		body = `{"code":"` + appCode(t, site, key) + `"}`
	case enroll.KindSMS:
		c.call("POST", begin, `{"number":"`+number+`"}`).want(t, 200)
		body = `{"code":"` + texted(t, site) + `"}`
	case enroll.KindEmail:
		if c.call("POST", begin, "").want(t, 200).json(t)["verified"] == false {
			body = `{"code":"` + mailed(t, site) + `"}`
		}
	}
	done := c.call("POST", finish, body).want(t, 200).json(t)
	return done["method"].(map[string]any)["id"].(string)
}

// TestS3_6_RightsByKind is the table of what people may do with a method of each
// kind: register it, change it (another number, or the address that is of record
// now, in the old one's place), delete it. Kinds that there
// are not have no rights.
func TestS3_6_RightsByKind(t *testing.T) {
	for _, row := range []struct {
		kind                     string
		register, change, delete bool
	}{
		{"totp", true, false, true}, {"passkey", true, false, true}, {"sms", true, true, true}, {"email", true, true, true},
		{"voice", false, false, false}, {"push", false, false, false}, {"questions", false, false, false}, {"app-password", false, false, false}, {"password", false, false, false},
	} {
		t.Run(row.kind, func(t *testing.T) {
			site := newKeySite(t)
			change(site, func(r *enroll.Rules) {
				r.Methods = []enroll.Kind{enroll.KindPasskey, enroll.KindTOTP, enroll.KindSMS, enroll.KindEmail}
			})
			c := confirmed(t, site, "ana")
			if !row.register {
				if a := c.call("POST", "/.mfa/api/methods/"+row.kind, ""); a.StatusCode/100 != 4 {
					t.Errorf("it can be registered: %d", a.StatusCode)
				}
				return
			}
			kind := enroll.Kind(row.kind)
			id := enrolledWith(t, site, c, kind, "+31612345678")
			if row.change {
				site.Clock.Add(time.Minute)
				again, code := `{"replaces":"`+id+`"}`, mailed
				if kind == enroll.KindSMS {
					again, code = `{"number":"+31612345679","replaces":"`+id+`"}`, texted
				}
				c.call("POST", "/.mfa/api/methods/"+row.kind, again).want(t, 200)
				done := c.call("POST", "/.mfa/api/methods/"+row.kind+"/verify", `{"code":"`+code(t, site)+`"}`).want(t, 200).json(t)
				next := done["method"].(map[string]any)["id"].(string)
				if state := c.call("GET", "/.mfa/api/state", "").json(t); next == id || len(state["methods"].([]any)) != 1 {
					t.Errorf("after the change: %v", state)
				}
				id = next
			}
			if row.delete {
				c.call("DELETE", "/.mfa/api/methods/"+id, "").want(t, 204)
			}
		})
	}
}

// TestS3_1_OneRegistrationServesAll: a method that was set up once satisfies
// every place that takes it, without being asked for again.
func TestS3_1_OneRegistrationServesAll(t *testing.T) {
	site := newSite(t)
	change(site, texting)
	c := confirmed(t, site, "ana")
	enrolledWith(t, site, c, enroll.KindSMS, "+31612345678")
	for area := range site.Areas {
		c.get(area+"/1").want(t, 200)
	}
	for _, path := range []string{"/.mfa/enroll", "/.mfa/"} {
		if page := c.get(path).want(t, 200); strings.Contains(page.body, `name="number"`) {
			t.Errorf("%s asks for it again", path)
		}
	}
}

// TestS3_13_AnyKindIsAskedForFirst: a passkey, an app, a text or a mail can be the
// one that is asked for first; the list shows it, and the next proof begins with
// it. There are no calls, no pushes and no hardware tokens to choose.
func TestS3_13_AnyKindIsAskedForFirst(t *testing.T) {
	site := newKeySite(t)
	all := []enroll.Kind{enroll.KindPasskey, enroll.KindTOTP, enroll.KindSMS, enroll.KindEmail}
	change(site, func(r *enroll.Rules) { r.Methods = all })
	c, ids := confirmed(t, site, "ana"), map[enroll.Kind]string{}
	for _, kind := range slices.Backward(all) { // a mailed code adds nothing to a passkey
		ids[kind] = enrolledWith(t, site, c, kind, "+31612345678")
	}
	for _, kind := range all {
		c.call("PATCH", "/.mfa/api/methods/"+ids[kind], `{"default":true}`).want(t, 200)
		first := c.call("GET", "/.mfa/api/state", "").json(t)["methods"].([]any)[0].(map[string]any)
		if first["id"] != ids[kind] || first["default"] != true {
			t.Errorf("%s: the list begins with %v", kind, first)
		}
		again := visitor(t, site, "ana")
		again.get("/mensagens").want(t, 303)
		page := again.get("/.mfa/verify").want(t, 200)
		_, form, _ := strings.Cut(page.body, `<form method="post" action="`)
		if !strings.HasPrefix(form, "/.mfa/api/verify/"+string(kind)) {
			t.Errorf("%s is not asked for first: %s", kind, page.body)
		}
		for _, other := range all {
			if other != kind && !strings.Contains(page.body, "way="+string(other)+`"`) {
				t.Errorf("%s is asked for first, and %s is not offered beside it: %s", kind, other, page.body)
			}
		}
	}
}

// TestS3_15_NoPushForAnApp: an authenticator app is never offered push, neither
// when it is set up nor when it is asked for.
func TestS3_15_NoPushForAnApp(t *testing.T) {
	site := newSite(t)
	c, _, _ := enrolled(t, site, "ana")
	again := visitor(t, site, "ana")
	again.get("/mensagens").want(t, 303)
	for name, page := range map[string]*answer{
		"set up": c.get("/.mfa/enroll?add=1"), "list": c.get("/.mfa/"), "asked for": again.get("/.mfa/verify"), "other ways": again.get("/.mfa/verify?way=codes"),
	} {
		if page.want(t, 200); strings.Contains(page.body, "/push") || strings.Contains(page.body, "way=push") {
			t.Errorf("%s: push is offered: %s", name, page.body)
		}
	}
	for _, path := range []string{"/.mfa/api/methods/push", "/.mfa/api/methods/push/verify", "/.mfa/api/verify/push", "/.mfa/api/verify/push/verify"} {
		if a := c.call("POST", path, `{}`); a.StatusCode/100 != 4 {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
}

// TestS3_45_OfOnesOwnAccord: who is asked for nothing opens their own page, adds a
// method there, follows its steps, and finds it in the list.
func TestS3_45_OfOnesOwnAccord(t *testing.T) {
	site := newSite(t)
	change(site, func(r *enroll.Rules) { r.Required = false })
	c := visitor(t, site, "ana")
	if page := c.get("/.mfa/").want(t, 200); !strings.Contains(page.body, `href="/.mfa/enroll`) || strings.Contains(page.body, "Added <time") {
		t.Errorf("the page: %s", page.body)
	}
	c.get("/.mfa/enroll").want(t, 200)
	c.submit("/.mfa/api/email").want(t, 303)
	c.submit("/.mfa/api/email/verify", "code", mailed(t, site)).want(t, 303)
	page := c.follow(c.submit("/.mfa/api/methods/totp"))
	c.submit("/.mfa/api/methods/totp/verify", "code", appCode(t, site, keyOn(page.body))).want(t, 200)
	if page := c.get("/.mfa/").want(t, 200); strings.Count(page.body, `<bdi translate="no">Authenticator app</bdi>`) != 1 || !strings.Contains(page.body, "Added <time") {
		t.Errorf("the list: %s", page.body)
	}
}

// TestS3_47_OneMoreOfSeveral: whoever owes another method chooses which, where
// several are possible; where one alone is, there is nothing to choose.
func TestS3_47_OneMoreOfSeveral(t *testing.T) {
	site := newKeySite(t)
	change(site, func(r *enroll.Rules) {
		r.Methods, r.Minimum = []enroll.Kind{enroll.KindPasskey, enroll.KindTOTP, enroll.KindSMS}, 2
		r.Limits = map[enroll.Kind]int{enroll.KindTOTP: 1, enroll.KindPasskey: 1, enroll.KindSMS: 1}
	})
	c := confirmed(t, site, "ana")
	enrolledWith(t, site, c, enroll.KindTOTP, "")
	if got := choicesOf(c.get("/.mfa/enroll?way=choose").want(t, 200).body); !slices.Equal(got, []string{"passkey", "sms"}) {
		t.Errorf("the choice is %v", got)
	}
	const other = "I want to set up a different method"
	if page := c.get("/.mfa/enroll?way=sms").want(t, 200); !strings.Contains(page.body, other) {
		t.Errorf("no other can be chosen: %s", page.body)
	}
	change(site, func(r *enroll.Rules) { r.Methods = []enroll.Kind{enroll.KindTOTP, enroll.KindSMS} })
	if page := c.get("/.mfa/enroll?way=sms").want(t, 200); strings.Contains(page.body, other) || !strings.Contains(page.body, `name="number"`) {
		t.Errorf("where a text is all that is left: %s", page.body)
	}
}
