#!/bin/sh
# Builds ./caddy with this plugin: with xcaddy where it is on PATH, else with
# go build of cmd/caddy, which imports the same packages.
set -eu
cd "$(dirname "$0")"
module=$(go list -m)
version=$(go list -m -f '{{.Version}}' github.com/caddyserver/caddy/v2)
out=${OUTPUT:-caddy}
if command -v xcaddy >/dev/null 2>&1; then
	xcaddy build "$version" --with "$module=." --output "$out"
else
	go build -o "$out" ./cmd/caddy
fi
