#!/bin/sh
# Runs a command in network and mount namespaces of its own, with an empty /run: a lab that is up on this machine, or that a killed run
# has left behind, neither disturbs what is tested there nor is disturbed by it. unshare(1), namespaces(7).
set -eu
[ "$(id -u)" = 0 ] || { printf 'tests make namespaces and load rules: run them as root.\n' >&2; exit 1; }
exec unshare --net --mount --propagation private sh -euc '
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir /run/netns /run/lock
  ip link set lo up
  exec "$@"' sh "$@"
