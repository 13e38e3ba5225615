#!/bin/sh
# Programs that the tests run beside Python's own: the one found, else from apt when root, else named and an end.
set -eu
for program in unzip; do
    command -v "$program" >/dev/null && continue
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $program…"
        apt-get update -qq && apt-get install -y -qq "$program" >/dev/null
    else
        echo "The tests need the program $program. Run: sudo apt-get install $program" >&2
        exit 1
    fi
done
