"""Property values as they cross the wire: plain JSON with marks for what is secret and what is not yet known."""

from typing import Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

Values = dict[str, Any]

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def read(given: Struct) -> Values:
    """A message as values, marks and all."""
    found = json_format.MessageToDict(given)
    return {key: _whole(value) for key, value in found.items()}


def write(values: Values) -> Struct:
    """Values as a message. None is left out, as the real providers leave optional values out."""
    made = Struct()
    made.update({key: value for key, value in values.items() if value is not None})
    return made


def secret(value: Any) -> Any:
    """Mark a value as secret, once."""
    return value if _is_secret(value) else {_SIGNATURE: _SECRET, "value": value}


def unknown() -> str:
    """A value that only an `up` will tell."""
    return _UNKNOWN


def is_unknown(value: Any) -> bool:
    """Whether a value, or any part of it, is not known yet."""
    bare = plain(value)
    if isinstance(bare, dict):
        return any(is_unknown(part) for part in bare.values())
    if isinstance(bare, list):
        return any(is_unknown(part) for part in bare)
    return bool(bare == _UNKNOWN)


def has_secret(value: Any) -> bool:
    """Whether a value, or any part of it, is secret."""
    if _is_secret(value):
        return True
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(has_secret(part) for part in parts)


def plain(value: Any) -> Any:
    """A value without its marks."""
    if _is_secret(value):
        return plain(value["value"])
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list) else value


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET


def _whole(value: Any) -> Any:
    """Numbers arrive as floats; whole ones are integers again."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(part) for key, part in value.items()}
    return [_whole(part) for part in value] if isinstance(value, list) else value
