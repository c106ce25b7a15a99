"""Bring the settings in the database to the wish: look, compare, write what differs, make the server take it up."""

import time
from dataclasses import replace
from typing import Any

from lib.console import Failed, log
from lib.stalwart import plan
from lib.stalwart.jmap import Client, Refused
from lib.stalwart.wish import Wish

# A name server that is away for a moment makes a reload fail.
RELOAD_TRIES = 3
RELOAD_PAUSE_SECONDS = 1.0


def apply(client: Client, wish: Wish, *, downloads: bool) -> list[str]:
    """Write what differs; what was changed, in words."""
    wish = replace(wish, downloads=downloads)
    now = plan.state(client.call(*plan.look()))
    made = _write(client, plan.missing_domains(now, wish))
    if made:
        now = plan.state(client.call(*plan.look()))
    made += _write(client, plan.changes(now, wish))
    if made:
        reload_settings(client)
    return made


def reload_settings(client: Client) -> None:
    """Stored settings are not in force until they are reloaded; a reload that fails puts none of them in force.

    Raises:
        Failed: the server's reason.
    """
    for attempt in range(1, RELOAD_TRIES + 1):
        try:
            client.call(("x:Action/set", {"create": {"r": {"@type": "ReloadSettings"}}}))
        except Refused as refusal:
            if attempt < RELOAD_TRIES:
                log(f"attempt {attempt} of {RELOAD_TRIES} to reload the settings failed: {refusal}")
                time.sleep(RELOAD_PAUSE_SECONDS)
            elif refusal.target == "SpamPyzor":
                _without_pyzor(client)
            else:
                raise Failed(f"the settings could not be put in force: {refusal}") from None
        else:
            return


def _without_pyzor(client: Client) -> None:
    """Pyzor's public server is looked up by name at each reload; where that fails, nothing comes into force."""
    log("note: public.pyzor.org does not resolve from here; the spam filter goes without Pyzor")
    client.call(
        ("x:SpamPyzor/set", {"update": {"singleton": {"enable": False}}}),
        ("x:Action/set", {"create": {"r": {"@type": "ReloadSettings"}}}),
    )


def dkim_is_ready(client: Client, wish: Wish) -> bool:
    """Whether each domain has its two signing keys; the server makes them some time after the domain."""
    for identity in _domain_ids(client, wish).values():
        (answer,) = client.call(("x:DkimSignature/query", {"filter": {"domainId": identity}}))
        if len(answer["ids"]) < 2:  # noqa: PLR2004  # one Ed25519, one RSA
            return False
    return True


def dkim_records(client: Client, wish: Wish) -> dict[str, list[list[str]]]:
    """Domain -> selector and text of the record of each of its signing keys, in the order of their kinds."""
    found = {}
    for name, identity in _domain_ids(client, wish).items():
        (query,) = client.call(("x:DkimSignature/query", {"filter": {"domainId": identity}}))
        (answer,) = client.call(("x:DkimSignature/get", {"ids": query["ids"]}))
        keys = sorted(answer["list"], key=lambda item: (item["@type"], item["selector"]))
        found[name] = [[item["selector"], _dkim_text(item)] for item in keys]
    return found


def _dkim_text(signature: dict[str, Any]) -> str:
    kind = "ed25519" if "Ed25519" in signature["@type"] else "rsa"
    return f"v=DKIM1; k={kind}; h=sha256; p={signature['publicKey']}"


def _domain_ids(client: Client, wish: Wish) -> dict[str, str]:
    (answer,) = client.call(("x:Domain/get", {"ids": None, "properties": ["id", "name"]}))
    here = {item["name"].lower(): item["id"] for item in answer["list"]}
    return {name: here[name] for name in wish.domains}


def _write(client: Client, changes: list[plan.Change]) -> list[str]:
    for change in changes:
        log(f"setting: {change.what}")
        try:
            client.call(change.call)
        except Refused as refusal:
            # Another run, or an earlier one that was interrupted, made it meanwhile.
            if refusal.kind != "primaryKeyViolation":
                raise Failed(f"the mail server refused the setting {change.what}: {refusal}") from None
    return [change.what for change in changes]
