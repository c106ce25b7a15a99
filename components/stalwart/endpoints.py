"""Where people and programs reach the mail service: by its name, and by each node."""

from typing import Any

from components.settings import Settings
from components.topology import Plan


def endpoints(settings: Settings, plan: Plan) -> dict[str, Any]:
    """URLs of the service and of every mail node. The service's name must resolve to the nodes' addresses."""
    return {
        "service": _urls(settings.hostname, submission=settings.mail.submission),
        "nodes": {node.name: _urls(node.address, submission=settings.mail.submission) for node in plan.mail_nodes},
    }


def _urls(host: str, *, submission: bool) -> dict[str, str]:
    urls = {
        "smtp": f"smtp://{host}:25",
        "submissions": f"smtps://{host}:465",
        "imaps": f"imaps://{host}:993",
        "sieve": f"sieve://{host}:4190",
        "jmap": f"https://{host}/jmap/session",
        "admin": f"https://{host}/admin",
    }
    return urls | ({"submission": f"smtp://{host}:587"} if submission else {})
