#!/usr/bin/env bash
# Brings the programs that the benchmark compares with into a folder: peers.sh FOLDER. Nothing of the system is changed.
#
#   scripts/peers.sh /tmp/peers && PEERS=/tmp/peers/bin make bench ARGS=peers
#
# Redis and etcd come from Debian's packages, PostgreSQL has to be installed (it is found in /usr/lib/postgresql), the others from
# PyPI and crates.io. What cannot be had is left out; the benchmark says so.
set -uo pipefail
mkdir -p "$1"
cd "$1" || exit 1
mkdir -p bin debs

if command -v apt-get >/dev/null; then
  (cd debs && apt-get download redis-server redis-tools etcd-server libjemalloc2 liblzf1 libatomic1) || echo "no Debian packages" >&2
  for package in debs/*.deb; do [ -e "$package" ] && dpkg -x "$package" root; done
  for program in redis-server etcd; do
    [ -e "root/usr/bin/$program" ] || continue
    # With the libraries beside it, which the system may lack.
    printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" "$@"\n' "$PWD/root/usr/lib/x86_64-linux-gnu" "$PWD/root/usr/bin/$program" > "bin/$program"
    chmod +x "bin/$program"
  done
fi

python3 -m venv python && python/bin/pip install --quiet coord-mcp-server==0.49.0 \
  && ln -sf "$PWD/python/bin/coord-api" bin/ || echo "no coord-mcp-server" >&2

cargo install --quiet --locked --version 0.5.0 --root . task-graph-mcp || echo "no task-graph-mcp" >&2
