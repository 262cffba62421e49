#!/bin/sh
# libropcodec, optimized for size and stripped, stays under 600 KB of code and read-only data.
# usage: test_size.sh SOURCE-ROOT BUILD-ROOT
set -u
source=$1
work=$2/size
limit=614400
if [ "$(uname -m)" != x86_64 ]; then
  echo "skipped: the limit is one for x86-64"
  exit 77
fi
rm -rf "$work"
if ! meson setup "$work" "$source" -Dbuildtype=plain -Doptimization=s -Db_ndebug=true \
  -Dauto_features=disabled -Dtests=disabled > "$work.log" 2>&1 ||
  ! ninja -C "$work" >> "$work.log" 2>&1; then
  tail -n 30 "$work.log"
  exit 1
fi
library=$work/libropcodec/libropcodec.so
strip "$library"
section() {
  size -A -d "$library" | awk -v name="$1" '$1 == name { print $2 }'
}
code=$(section .text)
constants=$(section .rodata)
total=$((code + constants))
echo "code $code, read-only data $constants, together $total of $limit bytes allowed"
echo "read-only after relocation: $(section .data.rel.ro)"
size "$library"
rm -rf "$work"
[ "$total" -le "$limit" ]
