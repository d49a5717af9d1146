package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/internal/redistest"
)

// signed is the cookie that express-session makes of an id.
func signed(id, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(id))
	return url.QueryEscape("s:" + id + "." + base64.RawStdEncoding.EncodeToString(mac.Sum(nil)))
}

// TestDesign_M9_ACookieThatIsNotSignedNamesNoSession where the app signs its own.
func TestDesign_M9_ACookieThatIsNotSignedNamesNoSession(t *testing.T) {
	server := redistest.Start(t)
	server.Do(t, "SET", "sess:"+sid, `{"user":{"name":"bob"}}`)
	server.Do(t, "SET", "sess:short", `{"user":{"name":"eve"}}`)
	s := mustRedis(t, server, func(c *Redis) { c.Signed = "keyboard cat" })
	good := signed(sid, "keyboard cat")
	plain, _ := url.QueryUnescape(good)
	for name, tt := range map[string]struct {
		cookie string
		want   State
		user   string
	}{
		"ok/encoded":           {good, Known, "bob"},
		"ok/in clear":          {plain, Known, "bob"},
		"ok/another id":        {signed("short", "keyboard cat"), Known, "eve"},
		"ok/no session":        {signed("gone", "keyboard cat"), Nobody, ""},
		"fail/another secret":  {signed(sid, "keyboard dog"), Forged, ""},
		"fail/not signed":      {sid, Forged, ""},
		"fail/s: alone":        {"s:", Forged, ""},
		"fail/no signature":    {"s:" + sid, Forged, ""},
		"fail/empty signature": {"s:" + sid + ".", Forged, ""},
		"fail/another's":       {strings.Replace(good, sid, "short", 1), Forged, ""},
		"fail/padding":         {good + "=", Forged, ""},
		"fail/cut":             {good[:len(good)-1], Forged, ""},
		"fail/bad percent":     {good + "%", Forged, ""},
		"fail/quoted":          {`"` + good + `"`, Forged, ""},
		"fail/no id":           {signed("", "keyboard cat"), Forged, ""},
	} {
		t.Run(name, func(t *testing.T) {
			wantState(t, ask(t, s, visitTo(nil, "/", "Cookie: sid="+tt.cookie)), tt.want, tt.user)
		})
	}
	wantState(t, ask(t, s, visitTo(nil, "/", "Cookie: lang=en")), Absent, "")
	wantState(t, ask(t, s, visitTo(nil, "/", "Cookie: sid="+good+"; sid=x")), Conflict, "")
	wantState(t, ask(t, s, visitTo(nil, "/", "Cookie: sid="+good, "Cookie: SID="+good)), Conflict, "")
}
