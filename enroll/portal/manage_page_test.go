package portal

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-mfa/caddy-mfa/enroll"
)

// TestManage_NoCodesLeft: who has no recovery code left is not told to make new ones
// before the last is used.
func TestManage_NoCodesLeft(t *testing.T) {
	p, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := p.words.choose("en")
	for left, warned := range map[int]bool{0: false, 1: true, 3: true, 4: false} {
		w := httptest.NewRecorder()
		x := p.view(s, &Visit{Mount: "/.mfa"}, s.T("manage.title"), "/")
		x.D = managePart{Methods: []enroll.Method{{ID: "a", Kind: enroll.KindTOTP, Name: "a"}}, Codes: left, HasCodes: true}
		p.show(w, httptest.NewRequest("GET", "/", nil), 200, "manage", x)
		if got := strings.Contains(w.Body.String(), s.T("manage.codes.few")); got != warned {
			t.Errorf("%d codes left: warned %v", left, got)
		}
	}
}
