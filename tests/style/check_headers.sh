#!/bin/sh
# Every public header compiles alone, as C99 and as C++, with warnings as errors.
# usage: check_headers.sh SOURCE-ROOT BUILD-ROOT
failed=0
flags="-Wall -Wextra -pedantic -Werror -fsyntax-only"
for library in "$1"/lib*; do
  flags="$flags -I$library/include -I$2/$(basename "$library")/include"
done
for header in "$1"/lib*/include/oxkit/*/*.h "$2"/lib*/include/oxkit/*/*.h; do
  [ -e "$header" ] || continue
  name=oxkit/${header##*/oxkit/}
  printf '#include <%s>\ntypedef int not_empty;\n' "$name" > "$2/one-header.c"
  cc -std=c99 $flags "$2/one-header.c" || { echo "$name does not compile alone as C99"; failed=1; }
  c++ -x c++ $flags "$2/one-header.c" || { echo "$name does not compile alone as C++"; failed=1; }
done
rm -f "$2/one-header.c"
exit $failed
