#!/bin/sh
# Installs the clients that the clients tests run into .cache/clients, a folder each, by the files in .ci/clients, all of
# them at once. Nothing happens to those that are there in the wanted version.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
home=$here/.cache/clients
mkdir -p "$home"

# system <command> <packages of Debian>
system() {
  command -v "$1" > /dev/null && return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    # Only one of them at a time may use apt.
    flock "$home/apt.lock" sh -c "
      export DEBIAN_FRONTEND=noninteractive
      install='apt-get install -qq -y --no-install-recommends $2'
      \$install > /dev/null || { apt-get update -qq && \$install > /dev/null; }"
  else
    echo "The tests of clients need $1: install it with the package manager of this machine" >&2
    exit 1
  fi
}

running=
for ecosystem in "$here"/.ci/clients/*.sh; do
  (. "$ecosystem") &
  running="$running $!"
done
code=0
for process in $running; do
  wait "$process" || code=$?
done
exit "$code"
