package portal

import "strings"

// browserMarks are looked for in this order: each browser also claims to be
// those below it.
var browserMarks = []struct{ mark, name string }{
	{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"},
	{"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
}

var systemMarks = []struct{ mark, name string }{
	{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"},
	{"Mac OS X", "Mac"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
}

// browserName says in a few words which browser a User-Agent claims to be. Its
// own words never reach a mail: whoever sends it could write anything there.
func browserName(s *speech, agent string) string {
	browser, system := "", ""
	for _, m := range browserMarks {
		if strings.Contains(agent, m.mark) {
			browser = m.name
			break
		}
	}
	for _, m := range systemMarks {
		if strings.Contains(agent, m.mark) {
			system = m.name
			break
		}
	}
	switch {
	case browser == "":
		return s.T("mail.browser.unknown")
	case system == "":
		return browser
	}
	return s.T("mail.browser.on", "browser", browser, "system", system)
}
