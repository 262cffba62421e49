#!/bin/sh
# Installs what the tests need, builds with warnings as errors and ASan+UBSan into build-tests/, runs
# every test, and ends with the line "N passed, N failed" (", N skipped" when there are any).
#
# usage: sh tests/run.sh [MESON-TEST-ARGUMENT...]     (for example: --suite ropcodec)
#   OX_TEST_SCALE=full  runs the sizes that are too big for the ordinary run
#   OX_SHARED=DIR       reference data and specifications (default: ../shared beside the source)
set -eu
source=$(cd "$(dirname "$0")/.." && pwd)
build=${OX_TEST_BUILD:-$source/build-tests}
sh "$source/tests/support/install-packages.sh" "$source/examples/packages.txt" \
  "$source/tests/packages.txt"

if [ -z "${OX_SHARED:-}" ] && [ -d "$source/../shared" ]; then
  OX_SHARED=$(cd "$source/../shared" && pwd)
fi
export OX_SHARED="${OX_SHARED:-}"
export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=1:detect_leaks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}

if [ ! -f "$build/build.ninja" ]; then
  meson setup "$build" "$source" --werror -Db_sanitize=address,undefined -Db_lundef=false \
    -Dtests=enabled > "$build.log" 2>&1 || { cat "$build.log"; exit 1; }
fi
rm -f "$build.log"
ninja -C "$build" --quiet || { echo "The build failed."; exit 1; }

meson test -C "$build" --no-rebuild --print-errorlogs --num-processes 2 "$@" || true
exec python3 "$source/tests/support/tally.py" "$build/meson-logs/testlog.json"
