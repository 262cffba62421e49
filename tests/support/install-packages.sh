#!/bin/sh
# Installs the Debian packages listed in the files given, when any is missing. Without root it says
# which are missing and gives up.
# usage: install-packages.sh LIST...
set -eu
wanted=$(cat "$@" | sed 's/#.*//' | tr -s ' \n' ' ')
missing=
for package in $wanted; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "These Debian packages are missing:$missing" >&2
  echo "Install them (apt-get install$missing) and run this again." >&2
  exit 1
fi
echo "Installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# policy-rc.d keeps a freshly installed server (nginx, say) from starting by itself.
guard=
if [ ! -e /usr/sbin/policy-rc.d ]; then
  guard=/usr/sbin/policy-rc.d
  printf '#!/bin/sh\nexit 101\n' > "$guard" && chmod +x "$guard"
fi
status=0
{ apt-get update && apt-get install -y --no-install-recommends $missing; } > "$log" 2>&1 || status=$?
[ -z "$guard" ] || rm -f "$guard"
if [ "$status" -ne 0 ]; then
  tail -n 20 "$log" >&2
  echo "apt-get could not install:$missing" >&2
  exit 1
fi
