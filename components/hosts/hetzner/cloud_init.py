"""What a new server is told at its first boot: only what must be there before the first SSH connection."""

import json

# A line of JSON is a line of YAML, and needs no rules of its own for quoting.
_HEAD = "#cloud-config\n"


def user_data(private_host_key: str, public_host_key: str) -> str:
    """cloud-config that gives the server the SSH host key that the stack pins, and no other.

    Nothing that may change stands here: a server whose user data changes is replaced, with all it holds.
    """
    config = {
        "ssh_deletekeys": True,
        "ssh_genkeytypes": [],
        "ssh_keys": {"ed25519_private": private_host_key, "ed25519_public": public_host_key.strip()},
        "ssh_pwauth": False,
        # Debian's image may name keys that are not there; a server that offers only one cannot be asked for another.
        "write_files": [
            {
                "path": "/etc/ssh/sshd_config.d/10-stalwart-cluster.conf",
                "content": "HostKey /etc/ssh/ssh_host_ed25519_key\nPasswordAuthentication no\n",
            }
        ],
        "runcmd": [["systemctl", "reload-or-restart", "ssh"]],
    }
    return _HEAD + json.dumps(config, sort_keys=True) + "\n"
