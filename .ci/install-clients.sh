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

# is_installed <folder> <version>: sets `folder`, and `mark`, the file to make when the installation is complete
is_installed() {
  folder=$home/$1
  mark=$folder/installed-$2
  [ -e "$mark" ]
}

# install_npm <folder> <package> <version>: from wherever npm is configured to look, without its install scripts
install_npm() {
  is_installed "$1" "$3" && return 0
  rm -rf "$folder"
  mkdir -p "$folder"
  # A project of its own, so that npm does not take the repository above it for the one to install into.
  printf '{ "private": true }\n' > "$folder/package.json"
  (cd "$folder" && npm install --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error "$2@$3")
  touch "$mark"
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
