#!/bin/sh
# Generates static/footfall.js from tracker.js, and static/footfall-vitals.js from Google's web-vitals and vitals.js. Run it
# only after a change to one of them; it needs Node. The results are committed. The first line of each is a checksum of
# our source, by which a test detects that this step was forgotten.
set -eu
cd "$(dirname "$0")"
packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
cp ../../../locks/tracker/package*.json "$packages"
# `ci` installs exactly what the lock says, and compares each package with its hash.
npm ci --prefix "$packages" --ignore-scripts --no-audit --no-fund --loglevel=error >&2

minified() {
  made=$("$packages/node_modules/.bin/terser" "$1" --compress passes=3,unsafe=true,unsafe_arrows=true,pure_getters=true --mangle --ecma 2022)
  # `let` is shorter than `const`; terser keeps what it finds.
  printf '%s' "$made" | sed 's/\bconst\b/let/g'
}

checksum() {
  sha256sum "$1" | cut -c1-16
}

printf '//%s\n%s\n' "$(checksum tracker.js)" "$(minified tracker.js)" >static/footfall.js

library=$packages/node_modules/web-vitals
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$library/package.json")
{
  printf '//%s\n' "$(checksum vitals.js)"
  printf '/* With web-vitals %s, Copyright 2020 Google LLC, Apache License 2.0: ' "$version"
  printf 'https://www.apache.org/licenses/LICENSE-2.0 */\n(()=>{\n'
  # As it is, apart from the last line, which names its source map. Its variable stays within these brackets.
  sed '/^\/\/# sourceMappingURL=/d' "$library/dist/web-vitals.iife.js"
  printf '\n%s\n})();\n' "$(minified vitals.js)"
} >static/footfall-vitals.js
