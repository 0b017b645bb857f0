#!/bin/sh
# Installs the package managers of the clients tests into .cache/clients, a folder each. Nothing happens to those that
# are there in the wanted version. They come from wherever this machine's npm is configured to look, and their install
# scripts stay off: the tests start the programs themselves.
set -eu

home=$(cd "$(dirname "$0")/.." && pwd)/.cache/clients

# install <folder> <package> <version>
install() {
  folder=$home/$1
  mark=$folder/installed-$3
  [ -e "$mark" ] && return 0
  rm -rf "$folder"
  mkdir -p "$folder"
  # A project of its own, so that npm does not take the repository above it for the one to install into.
  printf '{ "private": true }\n' > "$folder/package.json"
  (cd "$folder" && npm install --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error "$2@$3")
  touch "$mark"
}

install npm-12 npm 12.2.0
install npm-11 npm 11.21.2
install npm-10 npm 10.9.9
install pnpm-12 pnpm 12.21.0
install pnpm-11 pnpm 11.28.11
install pnpm-10 pnpm 10.34.9
install yarn-4 @yarnpkg/cli-dist 4.18.1
install yarn-1 yarn 1.22.22
install bun bun 1.4.5

for tool in curl wget python3; do
  command -v "$tool" > /dev/null || {
    echo "The tests of generic packages need $tool: install it with the package manager of this machine" >&2
    exit 1
  }
done

# The clients of Java packages: Maven and Gradle of the system, and newer Mavens, sbt and Coursier by way of Maven, from
# wherever it is configured to look.

# system <command> <package of Debian>
system() {
  command -v "$1" > /dev/null && return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    install="apt-get install -qq -y --no-install-recommends $2"
    DEBIAN_FRONTEND=noninteractive $install > /dev/null || { apt-get update -qq && $install > /dev/null; }
  else
    echo "The tests of Maven packages need $1: install it with the package manager of this machine" >&2
    exit 1
  fi
}

system javac default-jdk-headless
system mvn maven
system gradle gradle

here=$(cd "$(dirname "$0")/.." && pwd)
copy=org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy
tool=mvn
maven() {
  "$tool" --batch-mode --quiet --no-transfer-progress "-Dmaven.repo.local=$home/maven-repository" "$@"
}

# distribution <folder> <group:artifact> <version>
distribution() {
  folder=$home/$1
  mark=$folder/installed-$3
  [ -e "$mark" ] && return 0
  rm -rf "$folder"
  mkdir -p "$folder"
  maven "$copy" "-Dartifact=$2:$3:tar.gz:bin" "-DoutputDirectory=$folder"
  tar -xzf "$folder/${2#*:}-$3-bin.tar.gz" -C "$folder" --strip-components 1
  rm "$folder/${2#*:}-$3-bin.tar.gz"
  touch "$mark"
}

distribution maven-3 org.apache.maven:apache-maven 3.9.16
distribution maven-4 org.apache.maven:apache-maven 4.0.0-rc-4

# What the tests' builds need beside what they publish: the builds run once, so that it is there.
projects=$here/test/clients/maven
mark=$home/maven-repository/installed-$(cat "$0" "$projects"/*/pom.xml "$projects"/*/*/pom.xml | cksum | cut -d ' ' -f 1)
if [ ! -e "$mark" ]; then
  work=$(mktemp -d)
  cp -R "$projects/project" "$projects/consumer" "$projects/spring" "$work"
  for tool in mvn "$home/maven-3/bin/mvn" "$home/maven-4/bin/mvn"; do
    maven -f "$work/project" deploy "-Dpackhouse.url=file://$work/deployed"
    maven -f "$work/consumer" compile
  done
  rm -rf "$home/maven-repository/com/example"
  tool=mvn
  maven -f "$work/spring" "-Dmaven.repo.local=$home/maven-spring" compile
  rm -rf "$work"
  touch "$mark"
fi
