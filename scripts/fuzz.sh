#!/bin/sh
# Runs the fuzz targets one after the other and stops at the first finding, whose
# input go leaves in the package's testdata/fuzz. Usage: fuzz.sh [duration [target...]]
# FUZZPARALLEL is how many workers each has (go's default: one a processor).
set -eu
cd "$(dirname "$0")/.."
time=${1:-10s}
[ $# -eq 0 ] || shift
only=" $* "
log=$(mktemp)
sums=$(mktemp)
trap 'rm -f "$log" "$sums"' EXIT
found=0
for file in $(git ls-files '*_test.go'); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(f \*testing\.F).*/\1/p' "$file"); do
		[ "$only" = "  " ] || case $only in *" $target "*) ;; *) continue ;; esac
		found=$((found + 1))
		dir=./$(dirname "$file")
		echo "== $target in $dir, $time"
		# The exit status of go, not of tee, says whether there was a finding.
		{ go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" ${FUZZPARALLEL:+-parallel "$FUZZPARALLEL"} "$dir" 2>&1 || touch "$log.bad"; } | tee "$log"
		if [ -e "$log.bad" ]; then
			rm -f "$log.bad"
			echo "$target found something; the input is kept in $dir/testdata/fuzz/$target: mend it, and commit the input as a test" >&2
			exit 1
		fi
		execs=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
		new=$(sed -n 's/.*new interesting: \([0-9]*\) (total: \([0-9]*\)).*/\1 new of \2/p' "$log" | tail -n 1)
		printf '%-22s %-18s %12s inputs, %s interesting\n' "$target" "$dir" "${execs:-0}" "${new:-0 new of 0}" >>"$sums"
	done
done
echo
cat "$sums"
echo "$found fuzz targets, $time each, no finding"
[ "$found" -gt 0 ]
