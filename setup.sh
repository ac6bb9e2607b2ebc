#!/usr/bin/env bash
# Make the virtual environment $1 with the Python $2 and the locked packages of $3. Needs that Python and PyPI, no more.
set -euo pipefail
venv=$1 python=$2 lock=$3

"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null || {
  echo "segue: Python 3.11, 3.12 or 3.13 is needed, and '$python' is $("$python" --version 2>&1 || true): PYTHON=python3.12 make run" >&2
  exit 1
}

fetch_pip() { # Debian's python3 comes without ensurepip: take pip's wheel, which can install itself
  "$1" - <<'END'
import json, subprocess, sys, tempfile, urllib.parse, urllib.request
page = "https://pypi.org/pypi/pip/json"
with urllib.request.urlopen(page, timeout=60) as answer:
    wheel = next(file for file in json.load(answer)["urls"] if file["packagetype"] == "bdist_wheel")
with tempfile.TemporaryDirectory() as folder:
    path = f"{folder}/{wheel['filename']}"
    urllib.request.urlretrieve(urllib.parse.urljoin(page, wheel["url"]), path)  # a mirror may name it relatively
    sys.exit(subprocess.call([sys.executable, f"{path}/pip", "install", "--quiet", "--no-index", path]))
END
}

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
  rm -rf "$venv"
  "$python" -m venv "$venv" >/dev/null 2>&1 || {
    rm -rf "$venv"
    "$python" -m venv --without-pip "$venv" && fetch_pip "$venv/bin/python"
  } || {
    rm -rf "$venv"
    echo "segue: this Python cannot make virtual environments. Debian, Ubuntu: sudo apt install python3-venv" >&2
    exit 1
  }
fi

echo "Installing Segue's packages from $lock (a minute or two the first time) ..."
if command -v uv >/dev/null; then
  install=(uv pip install --quiet --python "$venv/bin/python")
else
  install=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check)
fi
"${install[@]}" -r "$lock"
"${install[@]}" --no-deps -e .
"${install[@]}" --no-deps -r requirements-musicnn.txt 2>/dev/null ||
  echo "segue: the second ear, musicnn, could not be fetched; all else works. Later: $venv/bin/pip install --no-deps musicnn==0.1.0" >&2
