#!/bin/sh
# From nothing to a MAPI client that reads, sends and is told of mail, on this machine only.
#
# Installs the Debian packages it needs (as root, or says which are missing), builds into build/,
# makes a data directory with people and sample mail, starts `ox serve` on loopback ports that the
# system picks, and plays examples 3.1, 3.2 and 3.3 of [MS-OXPROTO] over MAPI/HTTP.
#
# usage: sh examples/quickstart.sh [--serve]     --serve leaves the server running until Ctrl-C
set -eu
began=$(date +%s)
source=$(cd "$(dirname "$0")/.." && pwd)
build=$source/build
stay=no
case ${1-} in
  '') ;;
  --serve) stay=yes ;;
  *) echo "usage: sh examples/quickstart.sh [--serve]" >&2; exit 2 ;;
esac

say() { printf '\n== %s\n' "$*"; }

say "Installing what is missing"
sh "$source/tests/support/install-packages.sh" "$source/examples/packages.txt"

say "Building into build/"
[ -f "$build/build.ninja" ] ||
  meson setup "$build" "$source" -Dtests=disabled > /dev/null
ninja -C "$build" --quiet
ox=$build/examples/ox/ox

work=$(mktemp -d "${TMPDIR:-/tmp}/ox-quickstart.XXXXXX")
server=
watcher=
finish() {
  status=$?
  trap - EXIT INT TERM
  [ -z "$watcher" ] || kill "$watcher" 2> /dev/null || true
  if [ -n "$server" ]; then
    kill -TERM "$server" 2> /dev/null || true
    wait "$server" 2> /dev/null || true
  fi
  rm -rf "$work"
  exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "Making a data directory: alice, bob and a conference room"
data=$work/data
umask 077
echo "Wonderland-1865" > "$work/alice.password"
echo "Builder-1998" > "$work/bob.password"
"$ox" init "$data" --domain example.test --ntlm
"$ox" user add "$data" alice@example.test --name "Alice Adams" --password-file "$work/alice.password" \
  --set department=Research --set telephoneNumber="+1 555 0100"
"$ox" user add "$data" bob@example.test --name "Bob Brown" --password-file "$work/bob.password" \
  --set department=Construction
"$ox" user add "$data" board-room@example.test --room --name "Board Room"

say "Importing the sample mail of examples/mail/ into alice's Inbox"
mkdir "$work/mail"
cp "$source"/examples/mail/*.eml "$work/mail"
python3 "$source/examples/mail/make_large.py" "$work/mail/06-attachment-3mb.eml"
"$ox" client --url "file:$data" --user alice@example.test import Inbox "$work/mail" --unread

say "Starting the server (loopback only, ports picked by the system)"
mkfifo "$work/endpoints"
"$ox" serve "$data" --listen 127.0.0.1 --port-base 0 > "$work/endpoints" 2> "$work/server.log" &
server=$!
autodiscover=
ready=no
while read -r name url _; do
  echo "$name${url:+  $url}"
  case $name in
    autodiscover) autodiscover=$url ;;
    ready) ready=yes; break ;;
  esac
done < "$work/endpoints"
if [ $ready = no ]; then
  cat "$work/server.log" >&2
  echo "The server did not start." >&2
  exit 1
fi

client() {
  who=$1
  shift
  "$ox" client --url "autodiscover+$autodiscover" --user "$who@example.test" \
    --password-file "$work/$who.password" --ca "$data/tls/cert.pem" "$@"
}

say "[MS-OXPROTO] 3.1: alice displays the most recent message in her Inbox"
client alice --steps show --newest

say "[MS-OXPROTO] 3.3: bob asks to be told of new mail (in the background)"
client bob --steps watch --count 1 --timeout 60 > "$work/watch.txt" 2>&1 &
watcher=$!
waited=0
until grep -q '^Watching' "$work/watch.txt"; do
  waited=$((waited + 1))
  if [ $waited -gt 300 ] || ! kill -0 "$watcher" 2> /dev/null; then
    cat "$work/watch.txt" >&2
    exit 1
  fi
  sleep 0.1
done
echo "bob is waiting."

say "[MS-OXPROTO] 3.2: alice composes a message with an attachment and sends it to bob"
client alice --steps send --to "Bob Brown" --subject "Plans for the new bridge" \
  --body "Bob, the drawing is attached. Alice" --attach "$source/examples/mail/README.md"

say "[MS-OXPROTO] 3.3: what bob saw"
wait "$watcher" || { cat "$work/watch.txt" >&2; exit 1; }
watcher=
cat "$work/watch.txt"
say "bob reads it"
client bob show --newest

say "Done in $(($(date +%s) - began)) seconds"
cat <<TXT
What to try next:
  sh examples/quickstart.sh --serve      the same, and the server stays up
  $ox client --help
  sh tests/run.sh                        all tests
TXT
if [ $stay = yes ]; then
  cat <<TXT

The server is up. In another terminal:
  $ox client --url autodiscover+$autodiscover --user alice@example.test \\
    --password-file $work/alice.password --ca $data/tls/cert.pem list
Ctrl-C ends it and removes $work.
TXT
  wait "$server"
fi
