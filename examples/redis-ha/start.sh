#!/bin/sh
# Starts a Redis with a replica, the three Sentinels that watch them, and the
# demo's portal on loopback ports, and stays in the foreground.
#   REDIS_PASSWORD  what Redis asks for
#   R1 R2           ports of the two servers (7301, 7302)
#   S1 S2 S3        ports of the Sentinels (26401, 26402, 26403)
#   APP_PORT        where the portal listens (8540); SMTP_PORT: its mailbox (8549)
#   DATA            where all of them keep what they know (.run/redis-ha)
set -eu
umask 077
root=$(cd "$(dirname "$0")/../.." && pwd)
data=${DATA:-$root/.run/redis-ha}
r1=${R1:-7301}
: "${REDIS_PASSWORD:?set it to what Redis shall ask for}"
export REDISCLI_AUTH="$REDIS_PASSWORD"

pids=
trap 'kill $pids 2>/dev/null || :' EXIT
trap 'exit 0' INT TERM

# run <name> <port> <options...>: a server whose settings come on standard input.
run() {
	name=$1
	mkdir -p "$data/$name"
	{
		echo "port $2"
		echo "bind 127.0.0.1"
		echo "dir $data/$name"
		echo "pidfile $data/$name/pid"
		cat
	} >"$data/$name/redis.conf"
	shift 2
	redis-server "$data/$name/redis.conf" "$@" >>"$data/$name/log" 2>&1 &
	pids="$pids $!"
}

# What a store of factors needs: every write on the disk before it is
# acknowledged, and nothing thrown away. With two replicas or more also
# min-replicas-to-write 1; with one, nothing could be written after a failover
# until the other is back.
server() {
	cat <<EOF
requirepass $REDIS_PASSWORD
masterauth $REDIS_PASSWORD
appendonly yes
appendfsync always
save ""
repl-diskless-sync-delay 0
maxmemory 64mb
maxmemory-policy noeviction
EOF
}

sentinel() {
	cat <<EOF
sentinel monitor main 127.0.0.1 $r1 2
sentinel auth-pass main $REDIS_PASSWORD
sentinel down-after-milliseconds main 1000
sentinel failover-timeout main 5000
EOF
}

server | run redis-1 "$r1"
{
	server
	echo "replicaof 127.0.0.1 $r1"
} | run redis-2 "${R2:-7302}"
for one in "1 ${S1:-26401}" "2 ${S2:-26402}" "3 ${S3:-26403}"; do
	sentinel | run "sentinel-${one%% *}" "${one#* }" --sentinel
done

until redis-cli -p "$r1" info replication 2>/dev/null | grep -q 'state=online' &&
	env -u REDISCLI_AUTH redis-cli -p "${S1:-26401}" info sentinel 2>/dev/null | grep -q 'slaves=1,sentinels=3'; do
	sleep 0.2
done

cd "$root"
${PORTAL:-go run ./examples/portal} -addr "127.0.0.1:${APP_PORT:-8540}" -smtp "127.0.0.1:${SMTP_PORT:-8549}" &
pids="$pids $!"
wait $!
