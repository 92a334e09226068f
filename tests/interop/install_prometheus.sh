#!/usr/bin/env bash
# Get Prometheus for the interop tests, without installing anything into the system.
#
# usage: install_prometheus.sh [FOLDER]      default: ${XDG_CACHE_HOME:-~/.cache}/godot_enet/prometheus
#
# The last line on standard output is the path of the program; all else goes to standard error. A Prometheus that is
# already there is used again. So is the one that $PROMETHEUS names, or one in $PATH. Otherwise Debian's package is
# downloaded and unpacked, not installed: no service is started.
set -euo pipefail

fail() {
  echo "install_prometheus: $*" >&2
  exit 1
}

runs() {
  [ -x "$1" ] && "$1" --version >/dev/null 2>&1
}

if [ -n "${PROMETHEUS:-}" ]; then
  program=$(command -v "$PROMETHEUS") || fail "PROMETHEUS=$PROMETHEUS is not a program"
  echo "$program"
  exit 0
fi
if program=$(command -v prometheus) && runs "$program"; then
  echo "$program"
  exit 0
fi

folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/godot_enet/prometheus}
mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"
flock 9 # two test runs at once: the second waits, and finds the work of the first
program=$folder/usr/bin/prometheus
if ! runs "$program"; then
  for tool in apt-get dpkg; do
    command -v "$tool" >/dev/null || fail "needs Debian's $tool; elsewhere set PROMETHEUS to one of your own"
  done
  work=$(mktemp -d "$folder.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  echo "install_prometheus: downloading Prometheus" >&2
  (cd "$work" && { apt-get -qq -o APT::Sandbox::User="$(id -un)" download prometheus || { apt-get -qq update && apt-get -qq -o APT::Sandbox::User="$(id -un)" download prometheus; }; }) >&2
  dpkg -x "$work"/prometheus_*.deb "$work/root"
  runs "$work/root/usr/bin/prometheus" || fail "the unpacked Prometheus does not run"
  rm -rf "$folder"
  mv "$work/root" "$folder"
  chmod 755 "$folder"
fi
echo "$program"
