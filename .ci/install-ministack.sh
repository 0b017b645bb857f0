#!/bin/sh
# Installs MiniStack, the AWS emulator of the aws tests, into .cache/ministack (nothing happens when it is there).
# Packages come from wherever this machine's pip is configured to look.
set -eu

version=1.5.33
home=$(cd "$(dirname "$0")/.." && pwd)/.cache/ministack
mark=$home/installed-$version

[ -e "$mark" ] && exit 0

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || {
  echo 'MiniStack needs Python 3.10 or newer; name one in PYTHON' >&2
  exit 1
}
rm -rf "$home"
"$python" -m venv "$home"
"$home/bin/pip" install --quiet --disable-pip-version-check "ministack==$version"
touch "$mark"
