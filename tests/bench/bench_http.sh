#!/bin/sh
# Requests per second of our HTTP server with one loop against nginx with one worker: the same small
# answer, the same machine, the same load (wrk), in turns. Aim: at least 0.60.
# usage: bench_http.sh PATH-OF-bench_http [SECONDS] [ROUNDS]
set -eu
server=${1:?usage: bench_http.sh PATH-OF-bench_http [SECONDS] [ROUNDS]}
seconds=${2:-5}
rounds=${3:-3}
for tool in nginx wrk; do
  command -v $tool > /dev/null || { echo "bench_http: $tool is not installed (apt-get install nginx-light wrk)"; exit 77; }
done
dir=$(mktemp -d)
chmod 755 "$dir"
ours= nginx=
cleanup() {
  [ -z "$nginx" ] || kill "$nginx" 2> /dev/null || :
  exec 3>&- || :
  [ -z "$ours" ] || wait "$ours" 2> /dev/null || :
  rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

mkfifo "$dir/in"
"$server" 1 < "$dir/in" > "$dir/port" &
ours=$!
exec 3> "$dir/in" # the server ends when this closes
for i in 1 2 3 4 5 6 7 8 9 10; do [ -s "$dir/port" ] && break; sleep 0.2; done
our_port=$(cat "$dir/port")

nginx_port=$((21000 + $$ % 20000))
cat > "$dir/nginx.conf" << CONF
worker_processes 1; daemon off; pid $dir/pid; error_log $dir/error.log;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 100000000; default_type text/plain;
  client_body_temp_path $dir/b; proxy_temp_path $dir/p; fastcgi_temp_path $dir/f;
  uwsgi_temp_path $dir/u; scgi_temp_path $dir/s;
  server { listen 127.0.0.1:$nginx_port; location /hello { return 200 'hello, world\n'; } }
}
CONF
nginx -p "$dir" -c "$dir/nginx.conf" -e stderr &
nginx=$!
sleep 1

measure() { # port
  wrk -t1 -c32 -d"${seconds}s" "http://127.0.0.1:$1/hello" > "$dir/out"
  if grep -q 'Non-2xx\|Socket errors' "$dir/out"; then cat "$dir/out" >&2; exit 1; fi
  sed -n 's/^Requests\/sec: *//p' "$dir/out"
}

i=0
while [ $i -lt "$rounds" ]; do
  a=$(measure "$our_port")
  b=$(measure "$nginx_port")
  ratio=$(awk "BEGIN { printf \"%.2f\", $a / $b }")
  echo "ours $a/s, nginx $b/s, ratio $ratio"
  echo "$ratio" >> "$dir/ratios"
  i=$((i + 1))
done
sort -n "$dir/ratios" | awk '{ r[NR] = $1 } END { printf "median ratio to nginx with one worker: %s (aim: at least 0.60)\n", r[int((NR + 1) / 2)] }'
