package apptest

import "strings"

const raceRule = "\n==================\n"

// racesOf are the data races that a program's output reports, but for one of
// Caddy's own: where a request passes through two reverse_proxy, as with
// forward_auth, the first one's dialling may outlive it and read the request's
// variables while the second writes one (of Caddy 2.11.9: the PROXY protocol's; what
// caddyserver/caddy#7859 mended was another).
func racesOf(output string) (races []string) {
	for _, report := range strings.Split("\n"+output+"\n", raceRule) {
		if strings.Contains(report, "WARNING: DATA RACE") && !isOfCaddyAlone(report) {
			races = append(races, report)
		}
	}
	return races
}

func isOfCaddyAlone(report string) bool {
	for _, step := range []string{
		"caddyhttp.SetVar()", "reverseproxy.Handler.prepareRequest()",
		"caddyhttp.GetVar()", "reverseproxy.(*HTTPTransport).NewTransport.func",
	} {
		if !strings.Contains(report, step) {
			return false
		}
	}
	return true
}
