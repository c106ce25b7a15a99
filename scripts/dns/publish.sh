#!/usr/bin/env bash
# A part of a zone by updates (RFC 2136), from this machine. `up` writes what differs, `down` takes out what was made here,
# `check` asks whether the zones can be written and whose mail the domains' is now, and changes nothing.
: "${SERVER:?address:port of the primary name server}"
: "${KEY_NAME:?name of the key (TSIG)}"
: "${KEY_ALGORITHM:?its algorithm, e.g. hmac-sha256}"
: "${KEY_SECRET:?its secret, base64}"
source lib/common.sh

# The Python of the program has dnspython; the engine starts plugins in the folder of the project.
PROGRAM=
for python in .venv/bin/python "$(command -v python3 || true)"; do
  if [[ -n "$python" ]] && "$python" -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("dns"))' 2>/dev/null; then
    PROGRAM=$python
    break
  fi
done
[[ -n "$PROGRAM" ]] || die "dnspython is missing on this machine" "make setup, and run this in the project's folder"
python3() { "$PROGRAM" "$@"; }

in_python lib/dns/publish.py "${1:?up, down or check}"
