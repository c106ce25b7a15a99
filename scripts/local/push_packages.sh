#!/usr/bin/env bash
# Send release files from a mirror in a folder on this machine to a host: only what it lacks, in one session, checked
# on arrival.
: "${NODE:?name of the node}"
: "${MIRROR_DIR:?folder of the mirror}"
: "${FILES:?lines of digest and path below the folder, as sha256sum writes them}"
: "${TARGET_DIR:?folder on the host}"
: "${SSH_HOST:?name or address of the host}"
: "${SSH_PORT:?port of its SSH server}"
: "${SSH_USER:?login}"
: "${SSH_PRIVATE_KEY?private key; empty: the agent}"
: "${SSH_HOST_KEY:?key the host must show}"
: "${SSH_BASTION?user@host:port to go through; may be empty}"
: "${SSH_BASTION_HOST_KEY?key the bastion must show; may be empty}"
source lib/common.sh
source lib/ssh.sh
source lib/receive.sh

command -v ssh >/dev/null || die "ssh is missing on this machine" "apt-get install -y openssh-client"
prepare_ssh
command="$(declare -f receive_packages); receive_packages $(printf '%q' "$TARGET_DIR")"
[[ "$SSH_USER" == root ]] || command="sudo -n bash -c $(printf '%q' "$command")"

# The host says what it lacks, then takes it: both ways through one session.
coproc SESSION { ssh_to_host "bash -c $(printf '%q' "$command")"; }
session=$SESSION_PID to=${SESSION[1]} from=${SESSION[0]}
exec 3>&"$to" 4<&"$from" {to}>&- {from}<&-
printf '%s\n.\n' "$FILES" >&3
lacking=()
while IFS= read -r path <&4 && [[ "$path" != . ]]; do lacking+=("$path"); done
[[ "${path:-}" == . ]] || die "$SSH_HOST cannot be reached or refused the session" "see the lines above"
if ((${#lacking[@]} > 0)); then log "sending ${#lacking[@]} release files"; fi
printf '%s\0' "${lacking[@]}" | sed -z '/^$/d' | tar -C "$MIRROR_DIR" --null -T - -cf - >&3
exec 3>&-
IFS= read -r answer <&4 || true
wait "$session" || true
[[ "${answer:-}" == whole ]] || die "the release files did not arrive whole on $SSH_HOST" "run the same command again"
