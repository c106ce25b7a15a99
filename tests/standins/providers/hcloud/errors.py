"""Errors of the API, and how the two generations of code in the real provider word them."""

import secrets
from collections.abc import Mapping

_STATUS = {
    "unauthorized": 401,
    "forbidden": 403,
    "token_readonly": 403,
    "not_found": 404,
    "uniqueness_error": 409,
    "conflict": 409,
    "resource_unavailable": 412,
    "protected": 423,
    "locked": 423,
    "rate_limit_exceeded": 429,
    "service_error": 503,
}


class ApiError(Exception):
    """An answer of the API that is none. `fields` says what is wrong with which input."""

    def __init__(self, code: str, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{message} ({code}, {secrets.token_hex(8)})")
        self.code = code
        self.fields = dict(fields or {})


class ProviderError(Exception):
    """What the provider itself refuses, before or after it asked the API."""


def gone(thing: str, identity: object) -> ApiError:
    """The API knows no such thing."""
    return ApiError("not_found", f"{thing} with ID '{identity}' not found")


def invalid(field: str, what: str) -> ApiError:
    """An input that the API does not take."""
    return ApiError("invalid_input", f"invalid input in field '{field}'", {field: what})


def older(error: ApiError) -> str:
    """As resources on the older SDK word it: most of them, servers and networks among these."""
    if error.code == "invalid_input":
        fields = " ".join(f"{name} => [{what}]" for name, what in error.fields.items())
        return f"{error}: [{fields}]"
    return str(error)


def newer(error: ApiError) -> str:
    """As resources on the newer framework word it: addresses, keys, zones, records, reverse names."""
    end = f"Error code: {error.code}\nStatus code: {_STATUS.get(error.code, 422)}\n"
    if error.code != "invalid_input":
        head = "API request failed: An unexpected error was encountered during an API request."
        return f"{head}\n\n{error}\n\n{end}"
    head = "Invalid field in API request: An invalid field was encountered during an API request."
    fields = "\n".join(f"Field: {name}\nMessages:\n - {what}" for name, what in error.fields.items())
    return f"{head}\n\n{error}\n\n{fields}\n{end}"
