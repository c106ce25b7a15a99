#!/usr/bin/env bash
# One action on one stack: with Pulumi's official CLI and plugins and the published packages or a mirror of them;
# where those cannot be reached, as a rehearsal, and then it says so.
set -euo pipefail
cd "$(dirname "$0")/.."
# As make has it: monitoring runs this by itself.
export PATH="$PWD/.tools/uv/bin:$PATH"
source tools/pulumi.sh

action=$1
stack=${STACK:-dev}
state=.state/$stack
if [[ ! -f "Pulumi.$stack.yaml" ]]; then
  say "there is no stack file Pulumi.$stack.yaml; there are $(echo Pulumi.*.yaml)"
  exit 2
fi
mkdir -p .state && chmod 0700 .state

# A stack stays what it was begun as: stand-ins never turn into a mail server.
mode=${MODE:-auto}
if [[ -s "$state.mode" ]]; then
  begun=$(<"$state.mode")
  if [[ "$mode" != auto && "$mode" != "$begun" ]]; then
    say "this stack was begun as: $begun. Remove it first: make down"
    exit 1
  fi
  mode=$begun
fi
if [[ "$mode" == auto ]]; then
  if why=$(unreachable "$stack"); then
    say "rehearsing, because $why"
    mode=rehearsal
  else
    mode=real
  fi
fi
case $action in up | mend) printf '%s\n' "$mode" >"$state.mode" ;; esac

if [[ "$mode" == rehearsal ]]; then
  rehearse() { uv run --frozen python -m tests.rehearsal "$1" --stack "$stack" --home ".state/rehearsal-$stack"; }
  case $action in
  status) say "this is a rehearsal: stand-in packages, no mail is kept" ;;
  verify) say "this is a rehearsal: stand-in packages; what is right here says nothing of the real mail server" ;;
  dns-check) say "this is a rehearsal: its names are nobody's" ;;
  esac
  if looks "$action"; then rehearse export | look "$action"; else rehearse "$action"; fi
else
  real "$action" "$stack"
fi
[[ "$action" != destroy ]] || rm -f "$state.mode"
