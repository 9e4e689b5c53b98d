#!/bin/sh
# Makes static/footfall.js of tracker.js. Needed only after changing tracker.js, and then needs Node; what it made is
# committed. The first line says what it was made of, by which a test sees that it was not forgotten.
set -eu
cd "$(dirname "$0")"
made=$(npx --yes terser@5.51.2 tracker.js --compress passes=3,unsafe=true,unsafe_arrows=true,pure_getters=true --mangle --ecma 2022)
printf '//%s\n%s\n' "$(sha256sum tracker.js | cut -c1-16)" "$made" >static/footfall.js
