"""The mail server stand-in keeps signing keys as Stalwart 0.16.19 did: what it takes, refuses and shows."""

import json
from typing import Any

import pytest

from tests.standins.providers.generated import key_pair
from tests.standins.stalwart import jmap
from tests.standins.stalwart.node import Node

from .test_stalwart import RECOVERY, node, recorded, told

__all__ = ["node"]
Answer = dict[str, Any]


@pytest.fixture
def pairs() -> dict[str, dict[str, str]]:
    """What stands in the recordings in place of keys."""
    return {"@RSA@": key_pair("RSA"), "@RSA2@": key_pair("RSA"), "@ED25519@": key_pair("ED25519")}


def asked(node: Node, number: str, pairs: dict[str, dict[str, str]]) -> list[Any]:
    """The answers to a recorded request, with our keys and our ids."""
    text = json.dumps(recorded(number)["request"])
    for name, pair in pairs.items():
        text = text.replace(f'"{name}"', json.dumps(pair["privateKeyPem"]))
    for real, ours in _ids(node).items():
        text = text.replace(f'"{real}"', f'"{ours}"')
    return list(jmap.respond(node, RECOVERY, json.loads(text))["methodResponses"])


def _ids(node: Node) -> dict[str, str]:
    """Id that the real server gave -> ours, of the same selector and stage."""
    real = recorded("71")["response"]["methodResponses"][1][1]["list"]
    ours = {(item["selector"], item["stage"]): i for i, item in node.registry.all("DkimSignature").items()}
    return {item["id"]: found for item in real if (found := ours.get((item["selector"], item["stage"])))}


def _shown(items: list[Answer]) -> list[Answer]:
    """Signatures without what each server and each key has of its own."""
    own = {"id", "createdAt", "publicKey"}
    bare = [{key: value for key, value in item.items() if key not in own} for item in items]
    return sorted(bare, key=lambda item: (item["selector"], item["stage"], item["@type"]))


def _same(ours: list[Any], number: str) -> None:
    real = recorded(number)["response"]["methodResponses"]
    assert _counted(told(ours)) == _counted(told(real))
    for (_, mine, _), (method, theirs, _) in zip(ours, real, strict=True):
        if method == "x:DkimSignature/get":
            assert _shown(mine["list"]) == _shown(theirs["list"])


def _counted(outlined: list[Any]) -> list[Any]:
    """Ids differ: what counts is how many, and why not."""
    return [
        sorted(
            str(value if not key.startswith(("notUpdated", "notDestroyed")) else value[:2])
            for key, value in item.items()
            if key != "destroyed"
        )
        for item in outlined
    ]


def test_signing_keys_are_kept_changed_and_refused_as_recorded(node: Node, pairs: dict[str, dict[str, str]]) -> None:
    for number in ("70", "71", "72"):
        _same(asked(node, number, pairs), number)


def test_the_public_key_is_that_of_the_private_one(node: Node, pairs: dict[str, dict[str, str]]) -> None:
    from components.dkim import record  # noqa: PLC0415  # what the program would publish

    asked(node, "70", pairs)
    listed = asked(node, "71", pairs)[1][1]["list"]
    shown = {(item["selector"], item["stage"]): item["publicKey"] for item in listed}
    for selector, stage, name in (("s1-rsa", "active", "@RSA@"), ("s1-ed25519", "active", "@ED25519@")):
        kind = selector.partition("-")[2]
        assert record.text(kind, pairs[name]["publicKeyPem"]).endswith(f"p={shown[selector, stage]}")


def test_a_question_for_all_is_cut_without_a_word(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jmap, "_MOST_OBJECTS", 2)
    for number in range(3):
        node.registry.create("Domain", {"name": f"d{number}.test"})
    every = {"methodCalls": [["x:Domain/get", {"ids": None}, "g"], ["x:Domain/query", {}, "q"]]}
    (_, listed, _), (_, found, _) = jmap.respond(node, RECOVERY, every)["methodResponses"]
    assert (len(listed["list"]), len(found["ids"])) == (2, 3)
    both = {"methodCalls": [["x:Domain/get", {"ids": found["ids"]}, "g"]]}
    assert jmap.respond(node, RECOVERY, both)["methodResponses"][0][1]["type"] == "requestTooLarge"
