#!/bin/sh
# Generates static/footfall.js from tracker.js. Run it only after a change to tracker.js; it needs Node. The result is
# committed. Its first line is a checksum of tracker.js, by which a test detects that this step was forgotten.
set -eu
cd "$(dirname "$0")"
terser=$(mktemp -d)
trap 'rm -rf "$terser"' EXIT
cp ../../../locks/terser/package*.json "$terser"
# `ci` installs exactly what the lock says, and compares each package with its hash.
npm ci --prefix "$terser" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
made=$("$terser/node_modules/.bin/terser" tracker.js --compress passes=3,unsafe=true,unsafe_arrows=true,pure_getters=true --mangle --ecma 2022)
# `let` is shorter than `const`; terser keeps what it finds.
made=$(printf '%s' "$made" | sed 's/\bconst\b/let/g')
printf '//%s\n%s\n' "$(sha256sum tracker.js | cut -c1-16)" "$made" >static/footfall.js
