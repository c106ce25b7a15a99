"""Hetzner's API: the token, how often the end of an action is looked for, and what it knows before anything is made."""

import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pulumi
import pulumi_hcloud as hcloud

from components.dns import wish
from components.settings import DnsProvider, Platform, Settings, refused
from components.settings.mistakes import Mistake
from components.topology import Plan

# The plugin's own way is to wait longer after each look, which adds up to a minute to a server that is long ready;
# looking all the time runs into the limit of 3600 requests an hour.
_POLL_FUNCTION, _POLL_INTERVAL = "constant", "2s"


def access(settings: Settings, plan: Plan) -> pulumi.ResourceOptions:
    """Options for all that may be made at Hetzner, after a look at what Hetzner has; empty where nothing is made there.

    Raises:
        pulumi.RunError: no token, one that is not accepted, or every wish that Hetzner cannot fulfil.
    """
    api = _provider(settings)
    if api is None:
        return pulumi.ResourceOptions()
    _check(settings, plan, api)
    return pulumi.ResourceOptions(providers=[api])


def _needed(settings: Settings) -> bool:
    """Whether anything of the stack is made at Hetzner."""
    return settings.platform is Platform.HETZNER or settings.dns.provider is DnsProvider.HETZNER


def _provider(settings: Settings) -> hcloud.Provider | None:
    if not _needed(settings):
        return None
    token = pulumi.Config("hcloud").get_secret("token")
    if token is None and not os.environ.get("HCLOUD_TOKEN"):
        message = (
            "hcloud:token: is missing (make one in Hetzner's console under Security, API tokens, with read and write,"
            " then: pulumi config set --secret hcloud:token)"
        )
        raise pulumi.RunError(message)
    return hcloud.Provider("hetzner-api", token=token, poll_function=_POLL_FUNCTION, poll_interval=_POLL_INTERVAL)


def _check(settings: Settings, plan: Plan, api: hcloud.Provider) -> None:
    """Refuse what the API does not have: types, locations, images, zones. Two or three requests, in every preview."""
    if mistakes := [*_servers(settings, plan, api), *_zones(settings, api)]:
        raise refused(mistakes)


def _servers(settings: Settings, plan: Plan, api: hcloud.Provider) -> Iterator[Mistake]:
    if settings.platform is not Platform.HETZNER:
        return
    options = pulumi.InvokeOptions(provider=api)
    wanted: dict[str, dict[str, str]] = {}
    for node in plan.nodes:
        own = settings.nodes[node.name].type
        key = f"nodes.{node.name}.type" if own else "hetzner.type"
        wanted.setdefault(own or settings.hetzner.type, {}).setdefault(str(node.location), key)
    for kind, locations in wanted.items():
        found = _asked(partial(hcloud.get_server_type, name=kind, opts=options))
        key = next(iter(locations.values()))
        if found is None:
            yield Mistake(key, f"Hetzner has no server type {kind}", "https://www.hetzner.com/cloud lists them")
            continue
        image = partial(
            hcloud.get_image, name=settings.hetzner.image, with_architecture=found.architecture, opts=options
        )
        if _asked(image) is None:
            yield Mistake("hetzner.image", f"Hetzner has no image {settings.hetzner.image} for {found.architecture}")
        offered = {place.name for place in found.locations}
        if out := sorted({place.name for place in found.locations if place.available is False} & set(locations)):
            pulumi.warn(
                f"{kind} is sold out in {', '.join(out)} at the moment: a server that is new there has to wait."
            )
        for location, where in locations.items():
            if location not in offered:
                yield Mistake(where, f"{kind} is not offered in {location}", f"it is in {', '.join(sorted(offered))}")


def _zones(settings: Settings, api: hcloud.Provider) -> Iterator[Mistake]:
    if settings.dns.provider is not DnsProvider.HETZNER:
        return
    options = pulumi.InvokeOptions(provider=api)
    for zone in wish.zones(settings):
        if _asked(partial(hcloud.get_zone, name=zone, opts=options)) is None:
            yield Mistake(
                "dns.zones",
                f"this project at Hetzner has no zone {zone}",
                "create it there and let the registrar name Hetzner's name servers, or take dns.provider manual",
            )


def _asked(look: Callable[[], Any]) -> Any:  # noqa: ANN401  # whatever the API has
    """What the API has; None where it has no such thing.

    Raises:
        pulumi.RunError: it does not answer, or not to this token.
    """
    try:
        return look()
    except Exception as trouble:  # noqa: BLE001  # the SDK raises the bare class
        text = str(trouble)
        if "unauthorized" in text or "authenticate" in text or "token" in text:
            message = "hcloud:token: is not accepted by Hetzner's API (has it been revoked? Is it of this project?)"
        elif "not found" in text or "not_found" in text or re.search(r"\bno .+ found\b", text):
            return None
        else:
            message = f"Hetzner's API could not be asked: {text.splitlines()[-1]}"
        raise pulumi.RunError(message) from None
