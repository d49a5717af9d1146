#!/bin/sh
# Runs staticcheck and gosec at the versions below, which go builds once and
# keeps in its cache. gosec looks at what is shipped, not at what starts programs
# and reads files for tests and examples.
set -eu
cd "$(dirname "$0")/.."
go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...
go run github.com/securego/gosec/v2/cmd/gosec@v2.30.0 -quiet -exclude-generated \
	-exclude-dir=bench -exclude-dir=examples -exclude-dir=internal/apptest -exclude-dir=internal/redistest -exclude-dir=internal/idptest \
	-exclude-dir=portaltest -exclude-dir=passkeytest -exclude-dir=oidctest ./...
