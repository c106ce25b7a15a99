"""Bring the settings in the database to the wish: look, compare, write what differs, make the server take it up."""

import time
from dataclasses import replace

from lib.console import Failed, log
from lib.stalwart import plan, relay, relay_password
from lib.stalwart.change import write
from lib.stalwart.jmap import Client, Refused
from lib.stalwart.wish import Wish

# A name server that is away for a moment makes a reload fail.
RELOAD_TRIES = 3
RELOAD_PAUSE_SECONDS = 1.0


def apply(client: Client, wish: Wish, *, downloads: bool, for_relay: str = "") -> list[str]:
    """Write what differs; what was changed, in words.

    Args:
        downloads: whether the server may fetch from here.
        for_relay: the password of the relay's login, where it has one.
    """
    wish = replace(wish, downloads=downloads)
    now = plan.read(client)
    made = write(client, plan.missing_domain(now, wish))
    if made:
        now = plan.read(client)
    made += write(client, plan.changes(now, wish, for_relay))
    if not relay_password.is_known(wish.relay, for_relay) and (change := relay.new_password(now, for_relay)):
        made += write(client, [change])
    if made:
        reload_settings(client)
    relay_password.keep(wish.relay, for_relay)
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
