#!/bin/sh
# Starts a Redis Cluster of three primaries with a replica each, and the demo's
# portal on loopback ports, and stays in the foreground.
#   REDIS_PASSWORD  what Redis asks for
#   R1 … R6         ports of the servers (7401 … 7406)
#   B1 … B6         ports by which they talk to each other (17401 … 17406)
#   APP_PORT        where the portal listens (8550); SMTP_PORT: its mailbox (8559)
#   DATA            where all of them keep what they know (.run/redis-cluster)
set -eu
umask 077
root=$(cd "$(dirname "$0")/../.." && pwd)
data=${DATA:-$root/.run/redis-cluster}
: "${REDIS_PASSWORD:?set it to what Redis shall ask for}"
export REDISCLI_AUTH="$REDIS_PASSWORD"

pids=
trap 'kill $pids 2>/dev/null || :' EXIT
trap 'exit 0' INT TERM

port() { eval "echo \${R$1:-740$1}"; }
bus() { eval "echo \${B$1:-1740$1}"; }
cli() {
	n=$1
	shift
	redis-cli -p "$(port "$n")" "$@"
}

for n in 1 2 3 4 5 6; do
	mkdir -p "$data/redis-$n"
	cat >"$data/redis-$n/redis.conf" <<EOF
port $(port $n)
bind 127.0.0.1
dir $data/redis-$n
pidfile $data/redis-$n/pid
cluster-enabled yes
cluster-port $(bus $n)
cluster-node-timeout 2000
cluster-allow-replica-migration no
requirepass $REDIS_PASSWORD
masterauth $REDIS_PASSWORD
appendonly yes
appendfsync always
save ""
repl-diskless-sync-delay 0
maxmemory 64mb
maxmemory-policy noeviction
EOF
	redis-server "$data/redis-$n/redis.conf" >>"$data/redis-$n/log" 2>&1 &
	pids="$pids $!"
done
for n in 1 2 3 4 5 6; do
	until cli $n ping 2>/dev/null | grep -q PONG; do sleep 0.1; done
done

# Once, when the servers do not know each other yet.
if cli 1 cluster info | grep -q 'cluster_known_nodes:1[^0-9]'; then
	cli 1 cluster addslotsrange 0 5460
	cli 2 cluster addslotsrange 5461 10922
	cli 3 cluster addslotsrange 10923 16383
	for n in 2 3 4 5 6; do
		cli 1 cluster meet 127.0.0.1 "$(port $n)" "$(bus $n)"
	done
	for n in 4 5 6; do
		until cli $n cluster info | grep -q 'cluster_known_nodes:6'; do sleep 0.1; done
		primary=$(cli $((n - 3)) cluster myid)
		until cli $n cluster replicate "$primary" | grep -q OK; do sleep 0.1; done
	done
fi
for n in 1 2 3; do
	until cli $n cluster info | grep -q 'cluster_state:ok'; do sleep 0.1; done
done
for n in 4 5 6; do
	until cli $n info replication | grep -q 'master_link_status:up\|role:master'; do sleep 0.1; done
done

cd "$root"
${PORTAL:-go run ./examples/portal} -addr "127.0.0.1:${APP_PORT:-8550}" -smtp "127.0.0.1:${SMTP_PORT:-8559}" &
pids="$pids $!"
wait $!
