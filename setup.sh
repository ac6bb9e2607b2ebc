#!/usr/bin/env bash
# Make the virtual environment $1 with the Python $2 and the locked packages of $3. Needs only that Python and the registries.
set -euo pipefail
venv=$1 python=$2 lock=$3

"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || {
  echo "segue: $("$python" --version 2>&1 || echo "no $python") is here, and Segue needs Python 3.11, 3.12 or 3.13: PYTHON=python3.12 make run" >&2
  exit 1
}
if [ ! -x "$venv/bin/pip" ]; then
  rm -rf "$venv"
  if ! "$python" -m venv "$venv" >/dev/null 2>&1; then # Debian's python3 comes without ensurepip
    rm -rf "$venv"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      echo "Installing python3-venv ..."
      apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    else
      echo "segue: this Python cannot make virtual environments; install that part first: sudo apt install python3-venv" >&2
      exit 1
    fi
    "$python" -m venv "$venv"
  fi
fi
echo "Installing Segue's packages from $lock (a minute or so the first time) ..."
if command -v uv >/dev/null; then
  uv pip install -q --python "$venv/bin/python" -r "$lock"
  uv pip install -q --python "$venv/bin/python" --no-deps -e .
else
  "$venv/bin/pip" install -q --disable-pip-version-check -r "$lock"
  "$venv/bin/pip" install -q --disable-pip-version-check --no-deps -e .
fi
