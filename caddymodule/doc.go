// Package caddymodule plugs the gate into Caddy: the app "mfa" (policy, store,
// keys, mail), the handler "http.handlers.mfa", its guest modules, the admin
// endpoint and the command line. It is the only package that knows policy,
// identity, enroll and Caddy at once.
package caddymodule
