#!/bin/sh
# Builds libropcodec and its tests for another machine, with warnings as errors, and runs the tests
# and the fuzz corpora there.
#
# usage: run.sh MACHINE BUILD-FOLDER     (MACHINE: i386 or s390x)
set -u
source=$(cd "$(dirname "$0")/../.." && pwd)
machine=$1
build=$2

missing() {
  echo "skipped: $1"
  exit 77
}

case $machine in
i386)
  compiler='gcc -m32 -I/usr/include/x86_64-linux-gnu'
  hint='install libc6-dev-i386 and lib32gcc-12-dev'
  run=''
  ;;
s390x)
  compiler=s390x-linux-gnu-gcc
  hint='install gcc-s390x-linux-gnu and libc6-dev-s390x-cross'
  run='qemu-s390x -L /usr/s390x-linux-gnu'
  ;;
*)
  echo "no such machine: $machine" >&2
  exit 2
  ;;
esac

mkdir -p "$build"
probe=$build/probe
printf '#include <stdio.h>\nint main(void) { return puts("here") < 0; }\n' > "$probe.c"
$compiler -o "$probe" "$probe.c" 2> "$probe.log" ||
  missing "no working compiler for $machine ($hint)"
[ "$($run "$probe" 2> /dev/null)" = here ] ||
  missing "programs for $machine do not run here (s390x: install qemu-user)"

set -- -Dwire=disabled -Dstore=disabled -Dconvert=disabled -Ddirectory=disabled -Dox=disabled
if [ ! -f "$build/out/build.ninja" ]; then
  # The host's own flags (sanitizers and the like) are not the other machine's.
  env -u CC -u CFLAGS -u LDFLAGS meson setup "$build/out" "$source" --werror \
    --cross-file "$source/tests/cross/$machine.ini" --buildtype debugoptimized "$@" \
    > "$build/setup.log" 2>&1 || { cat "$build/setup.log"; exit 1; }
fi
ninja -C "$build/out" -j 2 > "$build/build.log" 2>&1 ||
  { grep -v '^\[' "$build/build.log" | head -60; exit 1; }
meson test -C "$build/out" --no-rebuild --print-errorlogs --suite ropcodec --suite fuzz \
  --timeout-multiplier 5 --num-processes 2
