"""The signing keys that the program makes: secrets of the stack, so that a new cluster signs with the same ones."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_tls as tls

from components.advice import first_policy
from components.dkim import record
from components.reasons import watch
from components.settings import SERVER, Settings

Records = Mapping[str, tuple[tuple[str, Any], ...]]
"""Domain -> selector and text of each of its keys. The selectors are always known, the texts once the keys are made."""


class SigningKeys(pulumi.ComponentResource):
    """A pair of keys for each number of each domain. A key that is replaced is another key: take another number."""

    records: Records

    texts: pulumi.Input[str]
    """The records as JSON, domain -> selector -> text: for scripts that compare and ask."""

    private: pulumi.Output[str]
    """JSON, domain -> selector -> key in PEM. Secret: it travels to a host on standard input only."""

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:dkim:SigningKeys", name, None, opts)
        self._name, self._settings = name, settings
        made = {domain: self._of(domain, section.dkim.keys) for domain, section in settings.domains.items()}
        self.records = {
            domain: tuple((selector, _text(kind, key)) for selector, (kind, key) in keys.items())
            for domain, keys in made.items()
        }
        pairs = [(domain, selector, key) for domain, keys in made.items() for selector, (_, key) in keys.items()]
        places = [(domain, selector) for domain, selector, _ in pairs]
        self.private = pulumi.Output.secret(
            pulumi.Output.all(*(key.private_key_pem for _, _, key in pairs)).apply(lambda pems: _document(places, pems))
        )
        texts = [text for of_domain in self.records.values() for _, text in of_domain]
        self.texts = pulumi.Output.all(*texts).apply(lambda known: _document(places, known))
        self.register_outputs({"selectors": {domain: list(keys) for domain, keys in made.items()}})

    def _of(self, domain: str, keys: tuple[str, ...]) -> dict[str, tuple[str, tls.PrivateKey]]:
        """Selector -> kind and key."""
        return {
            record.selector(number, kind): (kind, self._key(domain, record.selector(number, kind), algorithm))
            for number in keys
            if number != SERVER
            for kind, algorithm in record.KINDS.items()
        }

    def _key(self, domain: str, selector: str, algorithm: str) -> tls.PrivateKey:
        name = f"{self._name}-{domain}-{selector}"
        # A domain is new here where the smallest number of its keys is.
        policy = first_policy(self._settings, domain)
        numbers = [number for number in self._settings.domains[domain].dkim.keys if number != SERVER]
        oldest = selector == record.selector(min(numbers, key=int), "ed25519")
        return tls.PrivateKey(
            name,
            algorithm=algorithm,
            rsa_bits=record.RSA_BITS if algorithm == "RSA" else None,
            opts=pulumi.ResourceOptions(
                parent=self, hooks=watch.warned_when_made(name, policy) if policy and oldest else None
            ),
        )


def _text(kind: str, key: tls.PrivateKey) -> pulumi.Output[str]:
    return key.public_key_pem.apply(lambda pem: record.text(kind, pem))


def _document(places: list[tuple[str, str]], values: list[str]) -> str:
    found: dict[str, dict[str, str]] = {}
    for (domain, selector), value in zip(places, values, strict=True):
        found.setdefault(domain, {})[selector] = value
    return json.dumps(found, sort_keys=True)
