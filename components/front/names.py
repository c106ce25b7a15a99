"""The names that the world is led by."""

from components.settings import FrontKind, Settings
from components.topology import Plan


def exchangers(settings: Settings, plan: Plan) -> tuple[str, ...]:
    """Where mail for the domains is sent: the balancer by the service's name, else every node of the front."""
    if settings.front.kind is FrontKind.LOAD_BALANCER:
        return (settings.hostname,)
    return tuple(node.hostname for node in plan.front_nodes)
