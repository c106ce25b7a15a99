"""The signing keys of the domains (DKIM): what each is called, and the turn in which one follows another. Pure.

A key is published before it signs and stays published after it has signed, because mail is checked by the record that
the world shows at that moment: while it is on its way, in queues, and again in mailboxes.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.directory.wish import SERVER, Domain
from lib.stalwart.change import Change, create, destroy, update

_OURS = re.compile(r"s(\d{1,3})-(?:rsa|ed25519)")

Texts = Mapping[str, str]
"""Selector -> text of its record."""


@dataclass(frozen=True)
class Signature:
    """A signing key as the server has it. `stage` active: it signs; all others do not."""

    id: str
    domain: str
    """Id of its domain."""

    kind: str
    selector: str
    stage: str
    public: str
    until: datetime | None = None
    """Until when a key that has signed stays."""

    @property
    def key(self) -> str:
        """The number that the stack file has for it, or `server`."""
        found = _OURS.fullmatch(self.selector)
        return found[1] if found else SERVER

    @property
    def text(self) -> str:
        """The text of its record."""
        return f"v=DKIM1; k={self.kind}; h=sha256; p={self.public}"

    @property
    def signs(self) -> bool:
        return self.stage == "active"


def signature(item: Mapping[str, Any]) -> Signature:
    """Read one that the server lists."""
    until = item.get("nextTransitionAt")
    return Signature(
        id=item["id"],
        domain=item["domainId"],
        kind="ed25519" if "Ed25519" in item["@type"] else "rsa",
        selector=item["selector"],
        stage=item["stage"],
        public=item["publicKey"],
        until=datetime.fromisoformat(until) if until else None,
    )


def refusals(domain: Domain, here: Sequence[Signature], now: datetime, *, early: bool) -> Iterator[str]:
    """Why a domain's keys cannot become what the stack file says.

    Args:
        early: keys may go before their days are over.
    """
    for key in sorted({one.key for one in here} - {*domain.keys}):
        these = [one for one in here if one.key == key]
        listed = f"[{', '.join([*domain.keys, key])}]"
        if any(one.signs for one in these):
            yield f"key {key} still signs the mail of {domain.name}: first say dkim.keys: {listed} there"
            continue
        staying = [one for one in these if one.stage == "retiring" and (one.until is None or one.until > now)]
        if staying and not early:
            last = max((one.until for one in staying if one.until), default=None)
            until = f"until {last:%Y-%m-%d %H:%M} UTC" if last else "for some days more"
            yield (
                f"key {key} has signed mail of {domain.name} and has to stay published {until}: leave dkim.keys at"
                f" {listed} so long"
            )
    made_there = {one.kind for one in here if one.key == SERVER}
    if SERVER in domain.keys and not made_there and (here or domain.keys[0] != SERVER):
        yield f"the mail server has no keys of its own for {domain.name} and makes none beside others: take server out"


def management(domain: Domain, here: Sequence[Signature]) -> str | None:
    """Who shall make keys; None: whoever does now. A server that is told to (`Automatic`) makes a key of each kind
    that has none which signs, and has it sign at once, whatever the world shows: so only where it has none at all.
    """
    if domain.keys[0] == SERVER and not here:
        return "Automatic"
    return None if domain.keys == (SERVER,) else "Manual"


def additions(domain: Domain, identity: str, here: Sequence[Signature], wanted: Texts) -> Iterator[tuple[str, Change]]:
    """The keys that the server lacks, and those whose number has another key in the stack: selectors, and changes
    that lack the private key, which has no place here.

    A key signs at once where no other does, or where its pair does; else it waits until the world shows it.
    """
    by_selector = {one.selector: one for one in here}
    for selector, text in wanted.items():
        kind = "Ed25519" if "k=ed25519" in text else "Rsa"
        there = by_selector.get(selector)
        if there is None:
            key = Signature("", identity, "", selector, "", "").key
            signing = {one.key for one in here if one.signs}
            at_once = key in signing or (not signing and key == domain.keys[0])
            value = {"@type": f"Dkim1{kind}Sha256", "domainId": identity, "selector": selector}
            value["stage"] = "active" if at_once else "pending"
            yield selector, Change(f"signing key {selector} of {domain.name}", create("DkimSignature", value))
        elif there.text != text:
            what = f"signing key {selector} of {domain.name}: another key"
            yield selector, Change(what, update("DkimSignature", there.id, {}))


@dataclass(frozen=True)
class Turn:
    """What a domain needs before another key signs, and the changes that make it so."""

    unseen: tuple[Signature, ...]
    """Keys that shall sign and do not: the world must show them first."""

    changes: tuple[Change, ...]
    """What is to be done once it does; all of it is safe then."""


def turn(domain: Domain, here: Sequence[Signature], now: datetime, *, early: bool) -> Turn:
    """Let the first key sign, the others not any more, and take out those that are not listed and were kept enough."""
    first = domain.keys[0]
    coming = tuple(one for one in here if one.key == first and not one.signs)
    changes = [_stage(domain, one, "active", None) for one in coming]
    kept_until = now + timedelta(days=domain.keep_days)
    for one in here:
        if one.key == first:
            continue
        if one.signs or (one.stage == "retiring" and one.until is None):
            changes.append(_stage(domain, one, "retiring", kept_until))
        elif one.key not in domain.keys and (one.stage != "retiring" or early or (one.until and one.until <= now)):
            what = f"signing key {one.selector} of {domain.name} is taken out"
            changes.append(Change(what, destroy("DkimSignature", one.id)))
    return Turn(coming, tuple(changes))


def _stage(domain: Domain, one: Signature, stage: str, until: datetime | None) -> Change:
    value = {"stage": stage, "nextTransitionAt": f"{until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if until else None}
    what = "signs" if stage == "active" else f"signs no more, stays until {until:%Y-%m-%d}"
    return Change(f"signing key {one.selector} of {domain.name}: {what}", update("DkimSignature", one.id, value))


def differences(domain: Domain, here: Sequence[Signature], wanted: Texts) -> Iterator[str]:
    """What is not as the stack wants it, for `make status`."""
    by_selector = {one.selector: one for one in here}
    for selector in wanted:
        there = by_selector.get(selector)
        if there is None:
            yield f"the signing key {selector} of {domain.name} is missing"
        elif there.text != wanted[selector]:
            yield f"the signing key {selector} of {domain.name} is another than the published one"
    signing = {one.key for one in here if one.signs}
    if not signing:
        yield f"nothing signs the mail of {domain.name}"
    elif signing != {domain.keys[0]}:
        yield f"mail of {domain.name} is signed by key {_listed(signing)}, not by key {domain.keys[0]}"
    for one in here:
        if one.key not in domain.keys:
            yield f"the signing key {one.selector} of {domain.name} is there and not listed"


def _listed(keys: Collection[str]) -> str:
    return " and ".join(sorted(keys))
