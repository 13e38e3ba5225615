#!/bin/sh
# Makes .venv with everything pinned by hash. Does nothing, offline too, when it is already as the files say.
set -eu
cd "$(dirname "$0")/.."

# Every file that decides what is installed.
wanted=$(cat requirements/dev.txt requirements/client-*.txt pyproject.toml tools/setup.sh | cksum)
stamp=.venv/.setup-done
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -x .venv/bin/python ]; then
    exit 0
fi

python=
for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "Labelkeep needs Python 3.11 or later. On Debian or Ubuntu: apt-get install python3" >&2
    exit 1
fi

if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing python3-venv…"
        apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
    else
        echo "This Python cannot make virtual environments. Run: sudo apt-get install python3-venv" >&2
        exit 1
    fi
fi

echo "Setting up .venv (about a minute the first time)…"
[ -x .venv/bin/python ] && .venv/bin/python -c 'import pip' 2>/dev/null || { rm -rf .venv; "$python" -m venv .venv; }
.venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/dev.txt
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
# The tests install the built wheel into an empty environment; its packages lie here, so that works offline too.
.venv/bin/python -m pip download -qq --disable-pip-version-check --require-hashes -r requirements/server.txt -d .venv/wheels
# The clients that people have, the newest and an old one, each in an environment of its own: the journeys run them.
for version in 2.80 2.15; do
    client=.venv/clients/$version
    [ -x "$client/bin/python" ] || "$python" -m venv "$client"
    "$client/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r "requirements/client-$version.txt"
done
echo "$wanted" > "$stamp"
