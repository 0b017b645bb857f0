# The clients of Python packages, from wherever pip is configured to look, each in a virtual environment of its own.
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || {
  echo 'The clients of Python packages need Python 3.10 or newer; name one in PYTHON' >&2
  exit 1
}

# install_python <folder> <package>==<version>...: into a virtual environment of their own; the first one is the client
install_python() {
  is_installed "$1" "${2#*==}" && return 0
  shift
  rm -rf "$folder"
  "$python" -m venv "$folder"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
  touch "$mark"
}

install_python pip-26 pip==26.3
install_python pip-24 pip==24.0
install_python uv uv==0.13.9
install_python poetry poetry==2.5.1
install_python hatch hatch==1.18.2 hatchling==1.33.0
install_python pipenv pipenv==2026.10.3
# twine 6.1 is the last that can skip what is there on other servers than PyPI.
install_python twine-6 twine==6.1.0
install_python twine-7 twine==7.0.0 flit==4.2.0 build==1.6.1 setuptools==84.2.1

# A tree of real packages to publish and install: wheels, one source distribution, and what that is built with.
stack=$home/python-stack
mark=$stack/installed-1
[ -e "$mark" ] || {
  rm -rf "$stack"
  "$home/pip-26/bin/python" -m pip download --quiet --disable-pip-version-check --dest "$stack" \
    --only-binary :all: --no-binary threadpoolctl \
    pandas==2.3.3 scikit-learn==1.7.2 matplotlib==3.10.7 threadpoolctl==3.6.0 flit_core==3.12.0
  touch "$mark"
}

