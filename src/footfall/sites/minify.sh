#!/bin/sh
# Generates static/footfall.js from tracker.js. Run it only after a change to tracker.js; it needs Node. The result is
# committed. Its first line is a checksum of tracker.js, by which a test detects that this step was forgotten.
set -eu
cd "$(dirname "$0")"
made=$(npx --yes terser@5.51.2 tracker.js --compress passes=3,unsafe=true,unsafe_arrows=true,pure_getters=true --mangle --ecma 2022)
# `let` is shorter than `const`; terser keeps what it finds.
made=$(printf '%s' "$made" | sed 's/\bconst\b/let/g')
printf '//%s\n%s\n' "$(sha256sum tracker.js | cut -c1-16)" "$made" >static/footfall.js
