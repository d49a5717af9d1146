#!/bin/sh
# Runs every fuzz target there is, one after the other. Usage: fuzz.sh [duration]
set -eu
cd "$(dirname "$0")/.."
time=${1:-10s}
found=0
for file in $(git ls-files '*_test.go'); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(f \*testing\.F).*/\1/p' "$file"); do
		found=$((found + 1))
		echo "== $target in $(dirname "$file"), $time"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "./$(dirname "$file")"
	done
done
echo "$found fuzz targets passed"
[ "$found" -gt 0 ]
