#!/bin/sh
# Installs a release build into a DESTDIR and uses it as a stranger would: for each library a small
# program outside the source tree compiles through pkg-config, shared and static, and runs. Then the
# exported ABI is compared with the dumps kept in abi/.
# usage: test_install.sh SOURCE-ROOT BUILD-ROOT [--update-abi]
set -eu
source=$1
work=$2/packaging
update=${3:-}
stage=$work/stage
rm -rf "$stage"
mkdir -p "$work"
if [ ! -f "$work/build/build.ninja" ]; then
  meson setup "$work/build" "$source" --prefix=/usr --libdir=lib -Dtests=disabled --werror \
    > "$work/setup.log" 2>&1 || { cat "$work/setup.log"; exit 1; }
fi
ninja -C "$work/build" --quiet
DESTDIR=$stage meson install -C "$work/build" --quiet

export PKG_CONFIG_PATH=$stage/usr/lib/pkgconfig
config() {
  pkg-config --define-variable=prefix="$stage/usr" "$@"
}
failed=0
for library in ropcodec wire store convert directory; do
  [ -e "$PKG_CONFIG_PATH/lib$library.pc" ] || { echo "lib$library.pc was not installed"; failed=1; continue; }
  for mode in shared static; do
    program=$work/use_$library-$mode
    flags=$(config --cflags "lib$library")
    if [ $mode = shared ]; then
      libs=$(config --libs "lib$library")
    else
      # Our own archives by name, everything below them from the system.
      libs=$(config --static --libs "lib$library" |
        sed -E 's/-l(ropcodec|wire|store|convert|directory)\b/-l:lib\1.a/g')
    fi
    # shellcheck disable=SC2086
    if cc -Wall -Wextra -Werror -o "$program" "$source/tests/packaging/use_$library.c" \
        -I"$stage/usr/include" $flags -L"$stage/usr/lib" $libs &&
      LD_LIBRARY_PATH=$stage/usr/lib "$program"; then
      echo "lib$library: $mode program compiled through pkg-config and ran"
    else
      echo "lib$library: $mode program failed"
      failed=1
    fi
  done
done

python3 "$source/tests/packaging/test_readme.py" "$source/README.md" "$stage/usr" || failed=1

if command -v abidw > /dev/null; then
  for library in ropcodec wire store convert directory; do
    object=$stage/usr/lib/lib$library.so
    kept=$source/tests/packaging/abi/lib$library.abi.xz
    if [ "$update" = --update-abi ]; then
      abidw --no-corpus-path --no-comp-dir-path --no-show-locs --drop-private-types \
        --headers-dir "$stage/usr/include" "$object" | xz -9 > "$kept"
    elif [ ! -e "$kept" ]; then
      echo "lib$library: no ABI dump is kept"
      failed=1
    elif xz -dc "$kept" > "$work/kept.abi" &&
      abidiff --no-show-locs --drop-private-types --headers-dir2 "$stage/usr/include" \
        "$work/kept.abi" "$object" > "$work/abidiff.txt"; then
      echo "lib$library: ABI as in tests/packaging/abi"
    else
      echo "lib$library: the ABI differs from tests/packaging/abi (accept with --update-abi):"
      cat "$work/abidiff.txt"
      failed=1
    fi
  done
else
  echo "abidw is missing: install abigail-tools"
  failed=1
fi
exit $failed
