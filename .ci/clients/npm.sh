# The clients of npm packages, from wherever npm is configured to look. Their install scripts stay off: the tests start the
# programs themselves.
install_npm npm-12 npm 12.2.0
install_npm npm-11 npm 11.21.2
install_npm npm-10 npm 10.9.9
install_npm pnpm-12 pnpm 12.21.0
install_npm pnpm-11 pnpm 11.28.11
install_npm pnpm-10 pnpm 10.34.9
install_npm yarn-4 @yarnpkg/cli-dist 4.18.1
install_npm yarn-1 yarn 1.22.22
install_npm bun bun 1.4.5
install_npm corepack corepack 0.36.0

# The tarballs of a real application, which the tests publish: those that its lock file names, from the registry that npm is
# configured for.
tree=$here/test/clients/npm/lock-tree
tarballs=$home/lock-tree
mark=$tarballs/installed-$(cksum < "$tree/package-lock.json" | cut -d ' ' -f 1)
if [ ! -e "$mark" ]; then
  rm -rf "$tarballs"
  mkdir -p "$tarballs"
  # shellcheck disable=SC2046 # a name for each
  (cd "$tarballs" && npm pack --silent --ignore-scripts $(node -p "
    const { packages } = JSON.parse(require('fs').readFileSync('$tree/package-lock.json', 'utf8'));
    const names = Object.entries(packages).map(([path, { version }]) => path.replace(/.*node_modules\//, '') + '@' + version);
    [...new Set(names.slice(1))].join(' ')") > /dev/null)
  touch "$mark"
fi
