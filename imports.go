// Package caddymfa adds a second factor to an application that knows nothing
// of one. It is a plugin of the Caddy web server: it stands in front of the
// application, asks it who is signed in, and lets a request for a protected
// area through only when that person has enrolled a second factor and proved
// it.
//
// The package itself is the door for xcaddy:
//
//	xcaddy build --with github.com/caddy-mfa/caddy-mfa
//
// What it does lives in four packages: policy says which requests need what,
// identity says who is asking, enroll says whether they can prove it, and
// caddymodule plugs the three into Caddy.
package caddymfa

import (
	// The modules register themselves with Caddy when they are imported.
	_ "github.com/caddy-mfa/caddy-mfa/caddymodule"
)
