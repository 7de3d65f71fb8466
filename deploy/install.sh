#!/bin/sh
# Installs manus-sync from a release: the archive beside this script, or the one that --from names.
#
#   sh install.sh                                  into ~/.local
#   sh install.sh --prefix /usr/local --from https://example.org/manus-sync-0.1.0-x86_64-unknown-linux-gnu.tar.gz
#   sh install.sh --uninstall
#
# An archive is checked against the SHA256SUMS beside it before anything of it is used.
set -eu

prefix="${MANUS_SYNC_PREFIX:-$HOME/.local}"
from=""
uninstall=""

die() { echo "install.sh: $*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

usage() { sed -n '2,8s/^# \{0,1\}//p' "$0"; }

while [ $# -gt 0 ]; do
  case "$1" in
    --prefix) [ $# -ge 2 ] || die "--prefix needs a folder"; prefix="$2"; shift 2 ;;
    --prefix=*) prefix="${1#*=}"; shift ;;
    --from) [ $# -ge 2 ] || die "--from needs a file or an address"; from="$2"; shift 2 ;;
    --from=*) from="${1#*=}"; shift ;;
    --uninstall) uninstall=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    *) die "what is $1? --help shows what there is" ;;
  esac
done

# Where everything goes, and from where it is taken away again.
files="bin/manus-sync
share/bash-completion/completions/manus-sync
share/zsh/site-functions/_manus-sync
share/fish/vendor_completions.d/manus-sync.fish
share/systemd/user/manus-sync@.service"

if [ -n "$uninstall" ]; then
  for file in $files; do rm -f "$prefix/$file"; done
  rm -rf "$prefix/share/doc/manus-sync"
  echo "manus-sync is gone from $prefix. Projects keep their .manus-sync folders."
  exit 0
fi

fetch() { # ADDRESS FILE
  if have curl; then curl --proto '=https,http' --fail --silent --show-error --location --output "$2" "$1"
  elif have wget; then wget --quiet --output-document="$2" "$1"
  else die "neither curl nor wget is here; download the archive and name it with --from"
  fi
}

sum() {
  if have sha256sum; then sha256sum "$1" | cut -d' ' -f1
  elif have shasum; then shasum -a 256 "$1" | cut -d' ' -f1
  else die "neither sha256sum nor shasum is here, so the archive cannot be checked"
  fi
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# This script also lies in the archive: then what is to be installed is beside it.
if [ -z "$from" ] && [ -x "$here/manus-sync" ]; then
  unpacked="$here"
else
  if [ -z "$from" ]; then
    machine="$(uname -m)-$(uname -s)"
    case "$machine" in
      x86_64-Linux) target=x86_64-unknown-linux-gnu ;;
      aarch64-Linux | arm64-Linux) target=aarch64-unknown-linux-gnu ;;
      x86_64-Darwin) target=x86_64-apple-darwin ;;
      arm64-Darwin) target=aarch64-apple-darwin ;;
      *) die "there is no archive for $machine; build it with make build" ;;
    esac
    for archive in "$here"/manus-sync-*-"$target".tar.gz; do from="$archive"; done
    [ -f "$from" ] || die "there is no archive for $target beside this script; name one with --from"
  fi
  name="${from##*/}"
  case "$from" in
    http://* | https://*)
      fetch "$from" "$scratch/$name"
      fetch "${from%/*}/SHA256SUMS" "$scratch/SHA256SUMS" ;;
    *)
      [ -f "$from" ] || die "there is no file $from"
      folder=$(CDPATH='' cd -- "$(dirname -- "$from")" && pwd)
      [ -f "$folder/SHA256SUMS" ] || die "there is no SHA256SUMS beside $from to check it against"
      cp "$from" "$scratch/$name"
      cp "$folder/SHA256SUMS" "$scratch/SHA256SUMS" ;;
  esac
  expected=$(awk -v name="$name" '$2 == name || $2 == "*" name { print $1 }' "$scratch/SHA256SUMS")
  [ -n "$expected" ] || die "SHA256SUMS does not name $name"
  found=$(sum "$scratch/$name")
  [ "$found" = "$expected" ] || die "$name is not what SHA256SUMS says ($found); it was left alone"
  mkdir "$scratch/unpacked"
  tar -xzf "$scratch/$name" -C "$scratch/unpacked"
  unpacked="$scratch/unpacked/${name%.tar.gz}"
  [ -d "$unpacked" ] || unpacked=$(find "$scratch/unpacked" -mindepth 1 -maxdepth 1 -type d)
fi
"$unpacked/manus-sync" --version >/dev/null || die "the program does not run on this machine"

put() { # MODE FROM TO
  mkdir -p "$(dirname "$3")"
  cp "$2" "$3.new"
  chmod "$1" "$3.new"
  # A server that runs keeps the file that it was started from.
  mv -f "$3.new" "$3"
}

put 755 "$unpacked/manus-sync" "$prefix/bin/manus-sync"
put 644 "$unpacked/completions/manus-sync.bash" "$prefix/share/bash-completion/completions/manus-sync"
put 644 "$unpacked/completions/_manus-sync" "$prefix/share/zsh/site-functions/_manus-sync"
put 644 "$unpacked/completions/manus-sync.fish" "$prefix/share/fish/vendor_completions.d/manus-sync.fish"
sed "s|^ExecStart=[^ ]*|ExecStart=$prefix/bin/manus-sync|" "$unpacked/manus-sync@.service" > "$scratch/service"
put 644 "$scratch/service" "$prefix/share/systemd/user/manus-sync@.service"
for file in README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE; do
  put 644 "$unpacked/$file" "$prefix/share/doc/manus-sync/$file"
done

"$prefix/bin/manus-sync" --version
case ":$PATH:" in
  *":$prefix/bin:"*) echo "Start it in a project's folder: manus-sync" ;;
  *) echo "Add $prefix/bin to PATH, then start it in a project's folder: manus-sync" ;;
esac
