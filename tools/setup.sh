#!/usr/bin/env bash
# What this machine needs for the program and its tests. A second run finds everything and changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9
# Program -> Debian package. The lab needs all; an operator's machine for hosts that exist needs Python, curl and ssh.
declare -A PACKAGES=(
  [python3]=python3 [curl]=curl [ssh]=openssh-client [openssl]=openssl [gpg]=gnupg [ip]=iproute2 [nft]=nftables
  ['systemd-nspawn']=systemd-container [debootstrap]=debootstrap [pgrep]=procps [flock]=util-linux ['named-checkzone']=bind9-utils
)

say() { printf 'setup: %s\n' "$*" >&2; }

missing=()
for program in "${!PACKAGES[@]}"; do
  command -v "$program" >/dev/null || missing+=("${PACKAGES[$program]}")
done
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
if ((${#missing[@]})); then
  if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
    say "these packages are missing: ${missing[*]}"
    say "what to do: as root, apt-get install ${missing[*]}"
    exit 1
  fi
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
fi

# A name server for the tests: unpacked and never installed, so that nothing of it runs unless a test starts it. Its libraries
# come with bind9-utils.
if [[ ! -x .tools/bind9/usr/sbin/named ]] && command -v apt-get >/dev/null; then
  say "unpacking Debian's bind9 into .tools"
  mkdir -p .tools/bind9
  (cd .tools/bind9 && apt-get download -qq bind9 2>/dev/null && dpkg-deb -x bind9_*.deb . && rm -f bind9_*.deb) ||
    say "Debian's bind9 cannot be had: the tests that need a real name server will say so"
fi

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  say "Python $(python3 -V) is too old: 3.11 or newer is needed"
  exit 1
}
if [[ "$(.tools/uv/bin/uv --version 2>/dev/null)" != "uv $UV_VERSION"* ]]; then
  say "installing uv $UV_VERSION into .tools"
  python3 -m venv --clear .tools/uv
  .tools/uv/bin/pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
fi
# The system's Python: uv would download another one.
UV_PYTHON_DOWNLOADS=never .tools/uv/bin/uv sync --quiet --frozen
