"""The plugin hcloud as a whole: its kinds, its functions, and the token that it needs."""

from ..kind import Failure, Kind, Mistake
from ..server import Plugin
from ..values import Values, is_unknown, plain
from .access import Firewall, PlacementGroup, SshKey
from .balanced import LoadBalancerService, LoadBalancerTarget
from .balancer import LoadBalancer, LoadBalancerNetwork
from .cloud import Cloud
from .functions import Functions
from .network import Network, NetworkSubnet, ServerNetwork
from .primary_ip import PrimaryIp
from .rdns import Rdns
from .resource import Resource
from .server import Server
from .volume import Volume, VolumeAttachment
from .zone import Zone, ZoneRrset

VERSION = "1.43.3"
_TOKEN_LENGTH = 64
_KINDS: tuple[type[Resource], ...] = (
    Firewall,
    LoadBalancer,
    LoadBalancerNetwork,
    LoadBalancerService,
    LoadBalancerTarget,
    Network,
    NetworkSubnet,
    PlacementGroup,
    PrimaryIp,
    Rdns,
    Server,
    ServerNetwork,
    SshKey,
    Volume,
    VolumeAttachment,
    Zone,
    ZoneRrset,
)


class Token:
    """The token comes from the provider's input, else from the environment."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def check(self, given: Values) -> None:
        token = self._of(given)
        if token and not is_unknown(token) and len(token) != _TOKEN_LENGTH:
            raise Mistake("token", f"entered token is invalid (must be exactly {_TOKEN_LENGTH} characters long)")

    def accept(self, given: Values) -> Values:
        token = self._of(given)
        if not token:
            raise Failure(
                "Missing Hetzner Cloud API token: While configuring the provider, the Hetzner Cloud API token was not "
                "found in the HCLOUD_TOKEN environment variable or provider configuration block token attribute."
            )
        return {"token": token}

    def _of(self, given: Values) -> str:
        return str(plain(given).get("token") or self._cloud.environment.get("HCLOUD_TOKEN", ""))


def plugin(cloud: Cloud) -> Plugin:
    """The plugin in front of a cloud."""
    kinds: dict[str, Kind] = {_token(kind): kind(cloud) for kind in _KINDS}
    return Plugin(VERSION, kinds, Functions(cloud).table(), Token(cloud))


def _token(kind: type[Resource]) -> str:
    """`hcloud:index/sshKey:SshKey`."""
    name = kind.__name__
    return f"hcloud:index/{name[0].lower()}{name[1:]}:{name}"
