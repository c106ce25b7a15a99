"""Domains and what lies in them as one document, which the scripts compare with what the server has."""

import json
from typing import Any

from components.settings import Settings


def document(settings: Settings) -> str:
    """JSON of scripts/lib/directory/wish.Directory, the default domain first."""
    directory: dict[str, Any] = {"domains": [_domain(settings, name) for name in settings.domain_names]}
    return json.dumps(directory, sort_keys=True)


def _domain(settings: Settings, name: str) -> dict[str, Any]:
    section = settings.domains[name]
    return {
        "name": name,
        "aliases": list(section.aliases),
        "catch_all": section.catch_all,
        "sub_addressing": section.sub_addressing,
        "keys": list(section.dkim.keys),
        "keep_days": section.dkim.keep_days,
    }
