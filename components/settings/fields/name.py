"""Names and other short texts that people give: of nodes, zones, keys, logins, machines."""

from typing import Annotated

from components.settings.fields.shape import shaped

NodeName = Annotated[
    str,
    shaped(
        r"[a-z]([a-z0-9-]{0,29}[a-z0-9])?",
        "a node's name is 1 to 31 lower-case letters, digits and hyphens, a letter first, e.g. mx1",
    ),
]
ZoneName = Annotated[
    str,
    shaped(
        r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,58}[A-Za-z0-9])?",
        "a zone's name is 1 to 60 letters, digits, dots, hyphens and underscores, e.g. fsn1",
    ),
]
ClusterName = Annotated[
    str,
    shaped(
        r"[a-z][a-z0-9_]{0,30}",
        "a cluster's name is 1 to 31 lower-case letters, digits and underscores, e.g. mail",
    ),
]
Title = Annotated[str, shaped(r"[^\x00-\x1f\x7f]{1,200}", "a name is 1 to 200 letters in one line, e.g. Anna Example")]
Login = Annotated[
    str, shaped(r"[\x21-\x7e]{1,128}", "a login is up to 128 letters, digits and marks of ASCII without blanks")
]
KeyName = Annotated[
    str,
    shaped(
        r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*",
        "a key's name is lower-case letters, digits, dots, hyphens and underscores, e.g. mail-key",
    ),
]
HostKey = Annotated[
    str,
    shaped(
        r"(ssh-ed25519|ecdsa-sha2-nistp256) [A-Za-z0-9+/]{20,}={0,2}( .*)?",
        "a host key is one line of ssh-keyscan without the host, e.g. ssh-ed25519 AAAA...",
    ),
]
BlockDevice = Annotated[
    str,
    shaped(
        r"/dev/[A-Za-z0-9][A-Za-z0-9/._:+-]{0,200}",
        "a disk is named by its path, best one that lasts, e.g. /dev/disk/by-id/scsi-0X_disk-1",
    ),
]
ServerType = Annotated[
    str,
    shaped(
        r"[a-z]{2,5}[0-9]{1,3}",
        "a server type is Hetzner's name of one, letters and a number, e.g. cx33 or cax21",
    ),
]
Label = Annotated[
    str,
    shaped(
        r"[A-Za-z0-9]([A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?",
        "a label is 1 to 63 letters, digits, hyphens, dots and underscores",
    ),
]
Note = Annotated[
    str,
    shaped(r"[\x20-\x7e]{0,60}", "a note is up to 60 letters, digits, blanks and marks of ASCII, e.g. 2026-11-25"),
]
