#!/usr/bin/env bash
# Send files from a folder on this machine to a host, release files or what its steps run: only what it lacks, in one
# session, checked on arrival.
: "${NODE:?name of the node}"
: "${FOLDER:?folder on this machine; ~ is the home of whoever runs this}"
: "${FILES:?lines of digest, or its beginning, and path below the folder, as sha256sum writes them}"
: "${OTHERS:?stay or go: what becomes of other files in the folder on the host}"
: "${PACKED?-z: text, which travels packed; may be empty}"
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
command="$(declare -f receive_files); receive_files $(printf '%q' "$TARGET_DIR") $OTHERS $PACKED"
[[ "$SSH_USER" == root ]] || command="sudo -n bash -c $(printf '%q' "$command")"

# The host says what it lacks, then takes it: both ways through one session.
coproc SESSION { ssh_to_host "bash -c $(printf '%q' "$command")"; }
session=$SESSION_PID to=${SESSION[1]} from=${SESSION[0]}
exec 3>&"$to" 4<&"$from" {to}>&- {from}<&-
printf '%s\n.\n' "$FILES" >&3
lacking=()
while IFS= read -r path <&4 && [[ "$path" != . ]]; do lacking+=("$path"); done
[[ "${path:-}" == . ]] || die "$SSH_HOST cannot be reached or refused the session" "see the lines above"
if ((${#lacking[@]} > 0)); then log "sending ${#lacking[@]} files"; fi
printf '%s\0' "${lacking[@]}" | sed -z '/^$/d' | tar -C "${FOLDER/#\~/$HOME}" --null -T - ${PACKED:+"$PACKED"} -cf - >&3
exec 3>&-
IFS= read -r answer <&4 || true
wait "$session" || true
[[ "${answer:-}" == whole ]] || die "the files did not arrive whole on $SSH_HOST" "run the same command again"
