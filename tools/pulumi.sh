# shellcheck shell=bash
# Pulumi's official CLI and plugins: find them, fetch them, run them. Sourced.

PULUMI_VERSION=3.259.0
_REACH_SECONDS=5

say() { printf 'stack: %s\n' "$*" >&2; }

# The CLI of this machine where it is new enough and whole, else the one under .tools.
find_pulumi() {
  local found
  for found in "$(command -v pulumi || true)" .tools/pulumi/bin/pulumi; do
    [[ -x "$found" && -x "$(dirname "$(readlink -f "$found")")/pulumi-language-python" ]] || continue
    if printf 'v%s\n%s\n' "$PULUMI_VERSION" "$("$found" version 2>/dev/null)" | sort -V -C; then
      readlink -f "$found"
      return 0
    fi
  done
  return 1
}

reached() { curl -fsSIL --max-time "$_REACH_SECONDS" -o /dev/null "$1" 2>/dev/null; }

# plugins STACK: name and version of each provider the stack needs, as the lock file has them.
plugins() {
  local names=(command random tls)
  if grep -qE '(platform|provider): *hetzner' "Pulumi.$1.yaml"; then names+=(hcloud); fi
  uv run --frozen python -c '
import sys
from importlib.metadata import version
for name in sys.argv[1:]:
    print(name, version(f"pulumi-{name}"))' "${names[@]}"
}

has_plugin() { command -v "pulumi-resource-$1" >/dev/null || [[ -x "${PULUMI_HOME:-$HOME/.pulumi}/plugins/resource-$1-v$2/pulumi-resource-$1" ]]; }

# unreachable STACK: say why the normal path cannot be taken here; fail when it can.
unreachable() {
  local name version
  if ! find_pulumi >/dev/null && ! reached "https://get.pulumi.com/"; then
    echo "Pulumi's CLI is not installed and https://get.pulumi.com cannot be reached"
    return 0
  fi
  while read -r name version; do
    if ! has_plugin "$name" "$version" && ! reached "https://get.pulumi.com/releases/plugins/pulumi-resource-$name-v$version-linux-amd64.tar.gz"; then
      echo "the plugin $name $version is not installed and cannot be downloaded"
      return 0
    fi
  done < <(plugins "$1")
  if ! grep -q '^ *stalwart-cluster:mirror: *[^ ]' "Pulumi.$1.yaml" && ! reached "https://github.com/apple/foundationdb/releases"; then
    echo "no mirror is set and the releases at https://github.com cannot be reached"
    return 0
  fi
  return 1
}

# looks ACTION: whether it goes by the state of the stack and leaves the engine alone.
looks() { [[ "$1" =~ ^(status|verify|dns-check|reboot)$ ]]; }

# look ACTION: with the state on standard input.
look() {
  if [[ "$1" == reboot ]]; then
    # shellcheck disable=SC2086  # a list of names
    uv run --frozen python -m tools.reboot ${NODES:-}
  else
    uv run --frozen python -m "tools.${1//-/_}" --format "${FORMAT:-text}"
  fi
}

# real ACTION STACK: the official CLI. The dev stack keeps its state in a folder here and needs no question; any other has
# the state where the CLI is logged in, and the CLI asks before it changes or removes anything.
real() {
  local pulumi sure=()
  if ! pulumi=$(find_pulumi); then
    say "installing Pulumi $PULUMI_VERSION into .tools"
    curl -fsSL https://get.pulumi.com | sh -s -- --version "$PULUMI_VERSION" --install-root "$PWD/.tools/pulumi" --no-edit-path >&2
    pulumi=$(find_pulumi)
  fi
  PATH=$(dirname "$pulumi"):$PATH
  export PATH PULUMI_SKIP_UPDATE_CHECK=1
  if [[ "$2" == dev ]]; then
    sure=(--yes --skip-preview)
    [[ -n "${PULUMI_BACKEND_URL:-}" ]] || own_backend
  fi
  if looks "$1"; then
    # To look makes nothing: a stack that is not there has no state.
    { pulumi stack export --show-secrets --stack "$2" || true; } | look "$1"
    return
  fi
  [[ "$1" != unlock ]] || mend_state
  pulumi stack select --create "$2" >&2
  case $1 in
  up) pulumi up "${sure[@]}" --stack "$2" ;;
  mend)
    pulumi config set --stack "$2" stalwart-cluster:mend "$(date -u +%FT%TZ)"
    pulumi up "${sure[@]}" --stack "$2"
    ;;
  preview) pulumi preview --stack "$2" ;;
  destroy)
    pulumi destroy "${sure[@]}" --stack "$2"
    [[ "$2" != dev ]] || pulumi stack rm --yes --preserve-config "$2"
    ;;
  output) pulumi stack output --stack "$2" ${SHOW_SECRETS:+--show-secrets} ;;
  unlock) pulumi cancel --yes --stack "$2" ;;
  esac
}

# An engine that was killed while it wrote may leave the note beside the state empty, and then cannot read the state.
mend_state() { [[ ! -d .state/pulumi ]] || find .state/pulumi -name '*.json.attrs' -empty -delete; }

own_backend() {
  mkdir -p .state/pulumi
  export PULUMI_BACKEND_URL="file://$PWD/.state/pulumi"
  [[ -z "${PULUMI_CONFIG_PASSPHRASE:-}${PULUMI_CONFIG_PASSPHRASE_FILE:-}" ]] || return 0
  [[ -s .state/passphrase ]] || (umask 077 && python3 -c 'import secrets; print(secrets.token_urlsafe(24))' >.state/passphrase)
  export PULUMI_CONFIG_PASSPHRASE_FILE="$PWD/.state/passphrase"
}
