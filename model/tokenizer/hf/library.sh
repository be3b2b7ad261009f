#!/usr/bin/env bash
# Builds libtokenizers.a, the Rust half of github.com/daulet/tokenizers, into a folder: library.sh FOLDER
#
# The Rust sources come with the Go module, in the version that go.mod names, and everything they need from the crates'
# registry, as their Cargo.lock pins it; but for tiktoken-rs, which they take from a git address: a published version
# stands in, since reading tokenizer.json never runs it. A library that is there already is left alone. Two minutes of
# CPU and 500 MB of temporary files; exit code 69 where a tool or a registry is missing.
set -euo pipefail
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")"

unavailable() { echo "building libtokenizers.a: $*" >&2; exit 69; }

for tool in cargo cc c++; do
	command -v "$tool" >/dev/null || unavailable "there is no $tool"
done
go mod download github.com/daulet/tokenizers || unavailable "the Go module cannot be downloaded"
module=$(go list -m -f '{{.Dir}}' github.com/daulet/tokenizers)
version=$(go list -m -f '{{.Version}}' github.com/daulet/tokenizers)

stamp="$version $(cargo --version) $(cksum <library.sh)"
if [ -f "$folder/libtokenizers.a" ] && [ "$(cat "$folder/stamp" 2>/dev/null)" = "$stamp" ]; then
	exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$module/crates/tokenizers/." "$module/Cargo.lock" "$work/"
chmod -R u+w "$work"
cd "$work"
sed -i.orig 's/^tiktoken-rs *=.*/tiktoken-rs = "=0.9.1"/' Cargo.toml
cargo fetch || unavailable "the crates' registry cannot be reached"
cargo build --release --lib --offline --target-dir target

mv target/release/libtokenizers_ffi.a "$folder/libtokenizers.a"
echo "$stamp" >"$folder/stamp"
