package attackflow

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDesign_H18_NothingOfAnotherSiteIsSentAgain: a form that another site's page
// posted is never offered to be sent once more after the proof, which would
// give it this site's own origin.
func TestDesign_H18_NothingOfAnotherSiteIsSentAgain(t *testing.T) {
	s := start(t)
	bob := s.signedIn("bob").enrolled()
	own := s.signedIn("bob").form("/documents/delete", url.Values{"id": {"7"}}).want(403)
	if !strings.Contains(own.body, "data-again=") {
		t.Errorf("a form of one's own is not offered to be sent again:\n%s", own.body)
	}
	for how, marks := range from {
		marks = append([]string{}, marks...)
		for i := range marks {
			marks[i] = strings.Replace(marks[i], "%BASE%", s.base, 1)
		}
		pw := s.signedIn("bob")
		r := pw.form("/documents/delete", url.Values{"id": {"7"}}, append(marks, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")...).want(403)
		if strings.Contains(r.body, "data-again") {
			t.Errorf("%s: the page offers to send it again", how)
		}
		last := pw.form("/.mfa/api/verify/codes/verify", url.Values{"code": {bob.codes[0]}})
		if strings.Contains(last.body, "data-follow") {
			t.Errorf("%s: the way back of a foreign form is followed by itself", how)
		}
		var fresh struct {
			RecoveryCodes []string `json:"recovery_codes"`
		}
		bob.post("recovery-codes").want(200).json(&fresh)
		bob.codes = fresh.RecoveryCodes
	}
	if n := s.app.hitsOn("/documents/delete"); n != 0 {
		t.Errorf("the app got it %d times", n)
	}
}

// TestDesign_M2_KeyAndStoreAreTheServersOwn: nobody else on the machine reads them,
// and whoever has the store's file alone has neither the key nor a secret.
func TestDesign_M2_KeyAndStoreAreTheServersOwn(t *testing.T) {
	s := start(t)
	b := s.signedIn("bob").enrolled()
	key, err := os.ReadFile(filepath.Join(s.dir, "mfa.key"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mfa.key", "mfa.db"} {
		i, err := os.Stat(filepath.Join(s.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if i.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", name, i.Mode().Perm())
		}
	}
	db, err := os.ReadFile(filepath.Join(s.dir, "mfa.db"))
	if err != nil {
		t.Fatal(err)
	}
	for what, value := range map[string]string{
		"the key": strings.TrimSpace(string(key)), "the secret": b.secret, "a recovery code": strings.ReplaceAll(b.codes[0], "-", ""), "a recovery code as shown": b.codes[0],
		"the address": mailOf("bob"), "the name of a method": "phone of bob", "the visit": b.cookie("mfa-visit"), "a mailed code": s.mail.code(t, mailOf("bob")), "a mailed link": strings.TrimPrefix(s.mail.link(t, mailOf("bob")), "/.mfa/link/"),
	} {
		if len(value) > 3 && bytes.Contains(db, []byte(value)) {
			t.Errorf("%s stands in the store in clear", what)
		}
	}
}
