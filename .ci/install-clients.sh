#!/bin/sh
# Installs the clients that the clients tests run into .cache/clients, a folder each, by the files in .ci/clients. Nothing
# happens to those that are there in the wanted version.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
home=$here/.cache/clients
mkdir -p "$home"

# system <command> <package of Debian>
system() {
  command -v "$1" > /dev/null && return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    install="apt-get install -qq -y --no-install-recommends $2"
    DEBIAN_FRONTEND=noninteractive $install > /dev/null || { apt-get update -qq && $install > /dev/null; }
  else
    echo "The tests of clients need $1: install it with the package manager of this machine" >&2
    exit 1
  fi
}

for ecosystem in "$here"/.ci/clients/*.sh; do
  . "$ecosystem"
done
