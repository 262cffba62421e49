#!/bin/sh
# All C of the project stands as clang-format and .clang-format would put it.
# usage: check_format.sh SOURCE-ROOT
command -v clang-format > /dev/null || { echo "skipped: clang-format is not installed"; exit 77; }
cd "$1" || exit 1
find lib* examples tests \( -name '*.c' -o -name '*.h' \) -print0 |
  xargs -0 clang-format --dry-run --Werror
