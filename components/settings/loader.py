"""Read the stack file once, and refuse it with every mistake named."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, get_args, get_origin

import pulumi
from pulumi.runtime import config as runtime_config
from pydantic import BaseModel, TypeAdapter, ValidationError

from components.settings import imported as imports
from components.settings import rules
from components.settings.account import AccountSettings, GroupSettings, ListSettings
from components.settings.mistakes import Mistake, of_validation, unknown
from components.settings.model import Settings
from components.settings.node import NodeSettings
from components.settings.refused import refused
from components.settings.section import Section

# Keys of their own because they are secrets: read as Outputs where they are used, never here.
SECRETS = {
    "certificate_key": "Private key of `mail.certificate_chain` in PEM, no passphrase (secret). Needed for `own`.",
    "dns_tsig_secret": "Secret of the key that signs updates of a name server (secret). Needed for `rfc2136`.",
    "dns_challenge_secret": "What the mail servers write challenges with (secret): for `hetzner` an API token, for"
    " `rfc2136` the secret of `dns.challenge_tsig_name`.",
    "admin_password": "Password of the administrator (secret). Default: generated.",
    "relay_password": "Password for `mail.relay.user` (secret).",
    "ssh_private_key": "Private key for SSH to existing hosts (secret). Default: the SSH agent.",
}

_MAPS: Mapping[str, type[Section]] = {
    "nodes": NodeSettings,
    "accounts": AccountSettings,
    "groups": GroupSettings,
    "lists": ListSettings,
}


class SettingsError(ValueError):
    """A stack file that cannot be used. `mistakes` holds all that is wrong with it."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(str(mistake) for mistake in mistakes))


def load(config: pulumi.Config) -> Settings:
    """The checked settings of this stack.

    Raises:
        pulumi.RunError: one sentence per mistake, keys as `pulumi config set --path` spells them.
    """
    prefix = f"{config.name}:"
    everything = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    given = {key.removeprefix(prefix): value for key, value in everything.items() if key.startswith(prefix)}
    secret = frozenset(key for key in given if runtime_config.is_config_secret(prefix + key))
    try:
        return check(given, secret)
    except SettingsError as error:
        raise refused(error.mistakes) from None


def check(given: Mapping[str, Any], secret: frozenset[str] = frozenset()) -> Settings:
    """Check raw configuration values (text, or JSON text for maps and lists).

    Raises:
        SettingsError: with every mistake, sorted by key.
    """
    mistakes = [
        unknown((key,)) if key not in SECRETS else _not_secret(key)
        for key in given
        if key not in Settings.model_fields and not (key in SECRETS and key in secret)
    ]
    sound: dict[str, Any] = {}
    for key, field in Settings.model_fields.items():
        if key not in given:
            if field.is_required():
                mistakes.append(Mistake(key, "is missing", field.description or ""))
            else:
                sound[key] = field.default
            continue
        try:
            adapter: TypeAdapter[Any] = TypeAdapter(_annotation(key))
            sound[key] = adapter.validate_python(_parsed(key, given[key]))
        except ValidationError as error:
            mistakes += of_validation(key, error, secret=key in secret)
    imported = imports.read(sound["accounts_file"]) if sound.get("accounts_file") else imports.Imported()
    mistakes += imported.mistakes
    # One bad node must not hide that two others share an address; nor a bad account.
    for key, section in _MAPS.items():
        sound[f"{key}_sound_alone"] = sound[key] if key in sound else _sound_alone(key, section, given.get(key, ""))
    sound["accounts_given"] = frozenset(sound["accounts_sound_alone"])
    for key in ("accounts", "accounts_sound_alone"):
        if key in sound:
            # Whose address it is when both have it, a rule says.
            sound[key] = {**imported.accounts, **sound[key]}
    sound["imported"] = imported.places
    mistakes += rules.mistakes(sound, frozenset(given), secret)
    if mistakes:
        raise SettingsError(sorted(set(mistakes)))
    return Settings.model_construct(**{key: sound[key] for key in Settings.model_fields})


def _sound_alone(key: str, section: type[Section], given: Any) -> dict[str, Any]:  # noqa: ANN401  # any YAML
    """What is sound in a map of sections that is not sound as a whole, under names that are."""
    found = _parsed(key, given)
    names: TypeAdapter[str] = TypeAdapter(get_args(Settings.model_fields[key].annotation)[0])
    sound = {}
    for name, item in found.items() if isinstance(found, dict) else ():
        with suppress(ValidationError):
            sound[names.validate_python(name)] = section.model_validate(item)
    return sound


def _not_secret(key: str) -> Mistake:
    return Mistake(key, "is a secret and must be stored as one", f"pulumi config set --secret {key}")


def _annotation(key: str) -> Any:  # noqa: ANN401  # a typing annotation of any shape
    """The field's type with its constraints, which pydantic keeps apart from the annotation."""
    return Settings.__annotations__[key]


def _parsed(key: str, value: Any) -> Any:  # noqa: ANN401  # whatever the engine hands over
    """Pulumi hands maps and lists over as JSON, and every scalar as text."""
    if not isinstance(value, str):
        return value
    annotation = Settings.model_fields[key].annotation
    structured = get_origin(annotation) in (dict, tuple) or (
        isinstance(annotation, type) and issubclass(annotation, BaseModel)
    )
    if not structured:
        return value
    try:
        return json.loads(value) if value.strip() else {}
    except ValueError:
        return value
