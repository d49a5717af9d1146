package caddymodule

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// door is a handler that hands requests to an app or shows files, and whether a
// gate is on some way to it.
type door struct {
	to    string // an upstream's address, for PHP with the folder of its scripts
	files string // the folder that a file_server shows; then to is empty
	gate  *Gate
	hosts []string
}

// addDoors notes where a handler leads.
func (w *inspector) addDoors(s step, in flow) {
	root := in.rootOf(s)
	if s.name == "file_server" {
		if root == "" {
			return
		}
		w.served = append(w.served, served{root, s.hidden(), w.hosts})
		// One that is reached by some paths alone shows those alone.
		if !(w.inErrors && in.fixed) && (in.gate != nil || in.rewrote || len(in.within) == 0) {
			w.doors = append(w.doors, door{files: root, gate: in.gate, hosts: w.hosts})
		}
		return
	}
	var upstreams []struct {
		Dial string `json:"dial"`
	}
	if s.name != "reverse_proxy" || json.Unmarshal(s.fields["upstreams"], &upstreams) != nil {
		return
	}
	scripts := "" // one PHP runs the scripts of many sites
	if strings.Contains(string(s.fields["transport"]), "fastcgi") {
		if scripts = in.scriptsOf(s); scripts != "" {
			scripts = " for " + scripts
		}
	}
	for _, u := range upstreams {
		w.doors = append(w.doors, door{to: sameHost(u.Dial) + scripts, gate: in.gate, hosts: w.hosts})
	}
}

// scriptsOf is the folder of the scripts that a PHP transport runs; empty where
// it cannot be told.
func (in flow) scriptsOf(s step) string {
	var t step
	_ = json.Unmarshal(s.fields["transport"], &t.fields)
	return in.rootOf(t)
}

// sameHost writes this machine's own name as its address.
func sameHost(dial string) string {
	return strings.Replace(dial, "localhost:", "127.0.0.1:", 1)
}

// openDoors warns of handlers that reach an app, or show its files, without a
// gate, where another way to the same has one: whoever has the password goes
// there. So does one to Caddy's own admin endpoint, which asks for none.
func openDoors(doors []door) (warnings []string) {
	say := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !slices.Contains(warnings, text) {
			warnings = append(warnings, text)
		}
	}
	gated := slices.IndexFunc(doors, func(d door) bool { return d.gate != nil })
	for _, d := range doors {
		if gated >= 0 && d.to == sameHost(caddy.DefaultAdminListen) {
			say("%s reaches %s, where Caddy's admin endpoint is unless 'admin' moved it: whoever gets there can load a configuration without the gate", siteName(d.hosts), d.to)
			continue
		}
		i := slices.IndexFunc(doors, func(g door) bool { return d.gate == nil && g.gate != nil && d.leadsWhere(g) })
		switch {
		case i < 0:
		case d.files != "":
			say("%s shows the files in %s with no mfa before it, while mfa%s guards those in %s: write the directive there too, or serve another folder", siteName(d.hosts), d.files, doors[i].gate.place(), doors[i].files)
		default:
			say("%s reaches %s with no mfa before it, while mfa%s guards another way to it: write the directive there too, if it leads to the same pages", siteName(d.hosts), d.to, doors[i].gate.place())
		}
	}
	return warnings
}

// leadsWhere reports whether a door leads to all that another one leads to.
func (d door) leadsWhere(o door) bool {
	if d.files != "" && o.files != "" {
		return inFolder(o.files, d.files)
	}
	return d.to != "" && d.to == o.to
}
