"""One thing that is not as the stack wants it."""

from dataclasses import dataclass
from enum import StrEnum

# `make mend` puts it right: the step that made it runs once more.
MEND = "make mend"


class Subject(StrEnum):
    """What a difference is about, by a word that monitoring can go by."""

    REACH = "reach"
    SERVICE = "service"
    PORT = "port"
    RELEASE = "release"
    FILE = "file"
    CLUSTER_FILE = "cluster_file"
    CERTIFICATE = "certificate"
    RESTART = "restart"
    DATABASE = "database"
    TOLERANCE = "tolerance"
    REDUNDANCY = "redundancy"
    ENGINE = "engine"
    COORDINATORS = "coordinators"
    PROCESS = "process"
    ZONE = "zone"
    EXCLUSION = "exclusion"
    MAINTENANCE = "maintenance"
    LOCK = "lock"
    MAIL = "mail"
    MAIL_NODE = "mail_node"
    DOMAIN = "domain"
    ACCOUNT = "account"
    SETTING = "setting"
    SIGNING = "signing"
    QUEUE = "queue"


@dataclass(frozen=True)
class Difference:
    """`grave` is false for what is only worth knowing: it does not make a stack differ."""

    subject: Subject
    what: str
    remedy: str
    node: str | None = None
    grave: bool = True

    def __str__(self) -> str:
        return f"{self.what} ({self.remedy})"
