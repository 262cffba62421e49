#!/bin/sh
# Every library can be left out, and libropcodec alone needs nothing but libc. Both compilers accept
# all of it with warnings as errors.
# usage: test_options.sh SOURCE-ROOT BUILD-ROOT
set -u
source=$1
work=$2/options
failed=0
try() {
  name=$1
  compiler=$2
  shift 2
  rm -rf "$work/$name"
  if CC="$compiler" meson setup "$work/$name" "$source" --werror "$@" > "$work-$name.log" 2>&1 &&
    ninja -C "$work/$name" >> "$work-$name.log" 2>&1; then
    echo "builds: $name"
  else
    tail -n 30 "$work-$name.log"
    echo "does not build: $name ($*)"
    failed=1
  fi
}
try bare gcc -Dauto_features=disabled
try no-store gcc -Dtests=disabled -Dstore=disabled
try no-convert gcc -Dtests=disabled -Dconvert=disabled
try no-directory gcc -Dtests=disabled -Ddirectory=disabled
try no-drivers gcc -Dtests=disabled -Ddrivers=disabled
try no-wire gcc -Dtests=disabled -Dwire=disabled
try clang clang -Dtests=enabled
needs=$(readelf -d "$work/bare/libropcodec/libropcodec.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | tr '\n' ' ')
if [ "$needs" = "libc.so.6 " ]; then
  echo "libropcodec needs libc only"
else
  echo "libropcodec needs more than libc: $needs"
  failed=1
fi
rm -rf "$work"
exit $failed
