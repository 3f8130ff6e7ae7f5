#!/bin/sh
# Installs what is missing (Debian packages, npm packages) and builds. Quick when nothing is missing.
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$top"
say() { printf '==> %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

command -v node >/dev/null 2>&1 || fail 'Node.js is missing. Install Node 20 (20.19 or later) or 22, then run this again.'
node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
  process.exit((major === 20 && minor >= 19) || major >= 22 ? 0 : 1)' ||
  fail "Node $(node -v) is too old or odd: 20.19 or later of 20, or 22 and above, is needed."
command -v npm >/dev/null 2>&1 || fail 'npm is missing; it comes with Node.js.'

missing=''
for package in $(sed 's/#.*//' tools/debian-packages.txt); do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing="$missing $package"
done
if [ -n "$missing" ]; then
  [ "$(id -u)" = 0 ] || fail "these Debian packages are missing:$missing. Run as root, or: apt-get install$missing"
  say "installing Debian packages:$missing"
  log=$(mktemp)
  # Debian starts the services of what it installs. The lab runs its own, in its namespaces: policy-rc.d(5) says no meanwhile.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  # shellcheck disable=SC2086
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; fail "apt-get failed; its whole output is in $log"; }
  rm -f "$log"
fi

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  say 'installing npm packages (better-sqlite3 compiles: about a minute)'
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi

node tools/build.mjs
