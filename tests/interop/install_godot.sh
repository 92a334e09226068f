#!/usr/bin/env bash
# Get a real Godot 4 for the interop tests, headless, without installing anything into the system.
#
# usage: install_godot.sh [FOLDER]      default: ${XDG_CACHE_HOME:-~/.cache}/godot_enet/godot4
#
# The last line on standard output is the path of a launcher that takes Godot's own arguments; all else goes to
# standard error. A Godot that is already there and runs is used again. So is the one that $GODOT names.
#
# How: Debian's unstable suite packages Godot 4, older suites do not. apt resolves and downloads it and all its
# libraries, down to libc, with a package state of its own, so that the machine's packages neither count nor change.
# The packages are unpacked, not installed, and the launcher starts Godot with the dynamic loader that came along.
# Debian links Godot with its own libenet: this Godot speaks IPv4 only and has no DTLS.
set -euo pipefail

fail() {
  echo "install_godot: $*" >&2
  exit 1
}

runs() {
  [ -x "$1" ] && [[ $("$1" --headless --version 2>/dev/null </dev/null) == 4.* ]]
}

case ${1:-} in
  -*) fail "usage: install_godot.sh [FOLDER]" ;;
esac

if [ -n "${GODOT:-}" ]; then
  godot=$(command -v "$GODOT") || fail "GODOT=$GODOT is not a program"
  runs "$godot" || fail "GODOT=$GODOT is not a Godot 4 that runs"
  echo "$godot"
  exit 0
fi

folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/godot_enet/godot4}
mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"
flock 9 # two test runs at once: the second waits, and finds the work of the first

if runs "$folder/godot4"; then
  echo "$folder/godot4"
  exit 0
fi

for tool in apt-get dpkg; do
  command -v "$tool" >/dev/null || fail "needs Debian's $tool; elsewhere set GODOT to a Godot 4 of your own"
done

# The mirror is the one this machine takes its own suite from; other repositories in its lists do not carry unstable.
# --print-uris reads apt's configuration in each of its forms, and needs no package lists.
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
mirrors=$(apt-get update --print-uris | sed -nE "s#^'(.*)/dists/(${suite:-sid}|testing|unstable|sid)/main/binary-.*#\1#p")
mirror=${mirrors%%$'\n'*}
[ -n "$mirror" ] || fail "apt is configured without a Debian mirror"

work=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/apt/{etc/preferences.d,lists/partial,archives/partial} "$work/root"
: >"$work/apt/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$work/apt/etc/sources.list"

apt=(
  apt-get -qq
  -o Dir::State="$work/apt"
  -o Dir::State::lists="$work/apt/lists"
  -o Dir::State::status="$work/apt/status"
  -o Dir::Cache="$work/apt"
  -o Dir::Cache::archives="$work/apt/archives"
  -o Dir::Etc::sourcelist="$work/apt/etc/sources.list"
  -o Dir::Etc::sourceparts="$work/apt/etc/none"
  -o Dir::Etc::preferences="$work/apt/etc/none"
  -o Dir::Etc::preferencesparts="$work/apt/etc/preferences.d"
  -o APT::Sandbox::User="$(id -un)"
  -o APT::Install-Recommends=false
  -o Debug::NoLocking=true
)
echo "install_godot: downloading Godot and its libraries" >&2
"${apt[@]}" update >&2
"${apt[@]}" install --yes --download-only godot >&2
for package in "$work"/apt/archives/*.deb; do
  dpkg -x "$package" "$work/root"
done
rm -rf "$work/apt"

cat >"$work/godot4" <<'LAUNCHER'
#!/bin/sh
# Starts the Godot unpacked beside this file, with the libraries unpacked beside it.
here=$(dirname "$(readlink -f "$0")")
libraries=$(echo "$here"/root/usr/lib/*-linux-gnu*)
loader=$(echo "$libraries"/ld-linux*.so.*)
path=$libraries:$libraries/pulseaudio:$libraries/blas:$libraries/lapack
exec "$loader" --library-path "$path" "$here/root/usr/bin/godot" "$@"
LAUNCHER
chmod +x "$work/godot4"
runs "$work/godot4" || { "$work/godot4" --headless --version >&2 || true; fail "the unpacked Godot does not run"; }

rm -rf "$folder"
mv "$work" "$folder"
chmod 755 "$folder"
echo "install_godot: Godot $("$folder/godot4" --headless --version)" >&2
echo "$folder/godot4"
