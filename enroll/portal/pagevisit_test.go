package portal

import (
	"net/http/httptest"
	"testing"
)

func TestIsPageVisit(t *testing.T) {
	chrome := "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
	for _, c := range []struct {
		name    string
		headers [][2]string
		want    bool
	}{
		{"ok/navigation", [][2]string{{"Sec-Fetch-Mode", "navigate"}}, true},
		{"ok/navigation whatever Accept says", [][2]string{{"Sec-Fetch-Mode", "navigate"}, {"Accept", "application/json"}}, true},
		{"ok/old browser", [][2]string{{"Accept", chrome}}, true},
		{"ok/html alone", [][2]string{{"Accept", "text/html"}}, true},
		{"ok/html first of equals", [][2]string{{"Accept", "text/html, application/json"}}, true},
		{"ok/xhtml", [][2]string{{"Accept", "application/xhtml+xml"}}, true},
		{"fail/fetch", [][2]string{{"Sec-Fetch-Mode", "cors"}, {"Accept", chrome}}, false},
		{"fail/same-origin fetch", [][2]string{{"Sec-Fetch-Mode", "same-origin"}}, false},
		{"fail/image", [][2]string{{"Sec-Fetch-Mode", "no-cors"}, {"Sec-Fetch-Dest", "image"}}, false},
		{"fail/two modes", [][2]string{{"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Mode", "cors"}}, false},
		{"fail/Sec-Fetch without mode", [][2]string{{"Sec-Fetch-Site", "same-origin"}, {"Accept", chrome}}, false},
		{"fail/token", [][2]string{{"Authorization", "Bearer x"}, {"Accept", chrome}}, false},
		{"fail/nothing", nil, false},
		{"fail/curl", [][2]string{{"Accept", "*/*"}}, false},
		{"fail/json", [][2]string{{"Accept", "application/json"}}, false},
		{"fail/axios", [][2]string{{"Accept", "application/json, text/plain, */*"}}, false},
		{"fail/json preferred", [][2]string{{"Accept", "text/html;q=0.5, application/json"}}, false},
		{"fail/json first of equals", [][2]string{{"Accept", "application/json, text/html"}}, false},
		{"fail/html refused", [][2]string{{"Accept", "text/html;q=0"}}, false},
		{"fail/events", [][2]string{{"Accept", "text/event-stream"}}, false},
		{"fail/nonsense weight", [][2]string{{"Accept", "text/html;q=NaN"}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/documents", nil)
			for _, h := range c.headers {
				r.Header.Add(h[0], h[1])
			}
			if got := IsPageVisit(r); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
