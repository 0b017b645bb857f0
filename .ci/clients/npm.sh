# The clients of npm packages, from wherever npm is configured to look. Their install scripts stay off: the tests start the
# programs themselves.

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
