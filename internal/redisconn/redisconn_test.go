package redisconn

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for name, tt := range map[string]struct {
		urls         []string
		user, pass   string
		want         string // String, "": an error
		local, crypt bool
		says         string // in the error
	}{
		"ok/one":             {urls: []string{"redis://127.0.0.1"}, want: "redis://127.0.0.1:6379/0", local: true},
		"ok/all of it":       {urls: []string{"rediss://u:p@r.example:7000/3"}, want: "rediss://r.example:7000/3", crypt: true},
		"ok/IPv6":            {urls: []string{"redis://[::1]:7000"}, want: "redis://[::1]:7000/0", local: true},
		"ok/cluster":         {urls: []string{"redis://localhost:1", "redis://localhost:2"}, want: "redis://localhost:1,localhost:2/0", local: true},
		"ok/one far away":    {urls: []string{"redis://localhost:1", "redis://r.example:2"}, want: "redis://localhost:1,r.example:2/0"},
		"ok/sentinel":        {urls: []string{"redis+sentinel://u:p@a:1,b/2?master=m"}, want: "redis+sentinel://a:1,b:26379/2?master=m"},
		"ok/TLS sentinel":    {urls: []string{"rediss+sentinel://a?master=m"}, want: "rediss+sentinel://a:26379/0?master=m", crypt: true},
		"ok/escaped":         {urls: []string{"redis://u:p%2F%40@h"}, want: "redis://h:6379/0"},
		"fail/none":          {says: "rediss://"},
		"fail/scheme":        {urls: []string{"http://h"}, says: "does not begin"},
		"fail/no scheme":     {urls: []string{"geheim@h:6379"}, says: "no URL"},
		"fail/no host":       {urls: []string{"redis://"}, says: "no host"},
		"fail/port":          {urls: []string{"redis://h:70000"}, says: "no host and port"},
		"fail/comma":         {urls: []string{"redis://a:1,b:2"}, says: "no host and port"},
		"fail/twice":         {urls: []string{"redis://a:1", "redis://a:1"}, says: "twice"},
		"fail/two kinds":     {urls: []string{"redis://a:1", "rediss://b:1"}, says: "another kind"},
		"fail/database":      {urls: []string{"redis://a/x"}, says: "no database"},
		"fail/cluster's":     {urls: []string{"redis://a/1", "redis://b/1"}, says: "database 0"},
		"fail/query":         {urls: []string{"redis://a?timeout=1"}, says: "query"},
		"fail/no master":     {urls: []string{"redis+sentinel://a"}, says: "?master="},
		"fail/two masters":   {urls: []string{"redis+sentinel://a?master=a&master=b"}, says: "?master="},
		"fail/two sentinels": {urls: []string{"redis+sentinel://a?master=m", "redis+sentinel://b?master=m"}, says: "commas"},
		"fail/raw slash":     {urls: []string{"redis://u:geh/eim@h"}, says: "percent-encoded"},
		"fail/raw #":         {urls: []string{"redis://u:geh#eim@h"}, says: "percent-encoded"},
		"fail/fragment":      {urls: []string{"redis://h/0#x"}, says: "'#'"},
		"fail/user alone":    {urls: []string{"redis://a"}, user: "u", says: "without a password"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(Config{URLs: tt.urls, Username: tt.user, Password: tt.pass})
			if tt.want == "" {
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Fatalf("%v, %v, want an error with %q", got, err, tt.says)
				}
				if strings.Contains(err.Error(), "geh") {
					t.Fatalf("%v shows a password", err)
				}
				return
			}
			if err != nil || got.String() != tt.want || got.Local() != tt.local || got.Encrypted() != tt.crypt {
				t.Fatalf("%v, %v, local %v, TLS %v", got, err, got.Local(), got.Encrypted())
			}
		})
	}
}

func TestPasswords(t *testing.T) {
	inURL, err := Parse(Config{URLs: []string{"redis+sentinel://u:p%2F@a?master=m"}})
	if err != nil || inURL.username != "u" || inURL.password != "p/" || inURL.guard != "p/" || !inURL.HasPassword() {
		t.Fatalf("%+v, %v", inURL, err)
	}
	named, err := Parse(Config{URLs: []string{"redis://u@a"}, Password: "q"})
	if err != nil || named.username != "u" || named.password != "q" {
		t.Fatalf("%+v, %v", named, err)
	}
	renamed, err := Parse(Config{URLs: []string{"redis://:p@a"}, Username: "v"})
	if err != nil || renamed.username != "v" || renamed.password != "p" {
		t.Fatalf("%+v, %v", renamed, err)
	}
	beside, err := Parse(Config{URLs: []string{"redis+sentinel://u:p@a?master=m"}, Password: "q"})
	if err != nil || beside.username != "" || beside.password != "q" || beside.guard != "p" {
		t.Fatalf("%+v, %v", beside, err)
	}
}
