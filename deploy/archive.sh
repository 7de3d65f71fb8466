#!/bin/sh
# Packs a built binary as a release: archive.sh BINARY FOLDER. Prints the archive's name.
#
# The same binary gives the same archive, byte for byte: order, owners, modes and times are fixed, and gzip notes no name.
set -eu
cd "$(dirname "$0")/.."
binary="$1"
folder="$2"

version=$("$binary" --version | cut -d' ' -f2)
target=$(rustc -vV | sed -n 's/^host: //p')
name="manus-sync-$version-$target"
# When what is packed last changed; any other moment that somebody wants to have there.
moment="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/$name/completions" "$folder"
cp "$binary" "$scratch/$name/manus-sync"
cp README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE deploy/install.sh deploy/manus-sync@.service "$scratch/$name/"
"$binary" completions bash > "$scratch/$name/completions/manus-sync.bash"
"$binary" completions zsh > "$scratch/$name/completions/_manus-sync"
"$binary" completions fish > "$scratch/$name/completions/manus-sync.fish"
find "$scratch/$name" -type f -exec chmod 644 {} +
find "$scratch/$name" -type d -exec chmod 755 {} +
chmod 755 "$scratch/$name/manus-sync" "$scratch/$name/install.sh"

tar --create --sort=name --format=ustar --owner=0 --group=0 --numeric-owner --mtime="@$moment" \
  --directory="$scratch" "$name" | gzip --no-name --best > "$folder/$name.tar.gz.new"
mv "$folder/$name.tar.gz.new" "$folder/$name.tar.gz"
cp deploy/install.sh "$folder/install.sh"
(cd "$folder" && sha256sum -- *.tar.gz install.sh > SHA256SUMS)
echo "$folder/$name.tar.gz"
