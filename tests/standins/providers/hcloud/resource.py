"""What all kinds have in common: how they are named, compared, foreseen and looked at again."""

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..kind import Call, Difference, Failure, HalfMade
from ..values import Values, has_secret, plain, secret, unknown
from . import errors, removal
from .api import Api
from .cloud import Cloud, Record
from .errors import ApiError, ProviderError

# Which inputs the plugin filled in itself, as the real one notes it among the inputs.
DEFAULTS = "__defaults"


class Resource:
    """A kind of thing; what differs between kinds is in what they override."""

    kind = ""
    """The table it is kept in, and the first half of the names of its calls."""
    replaced_by: frozenset[str] = frozenset()
    defaults: Values = {}  # noqa: RUF012  # never changed
    computed: frozenset[str] = frozenset()
    """Inputs that the cloud chooses where they are left out; leaving one out later is no change."""
    outputs: tuple[str, ...] = ()
    """What only the cloud tells."""
    ordered: frozenset[str] = frozenset()
    """Lists whose order counts."""
    named_itself = True
    worded: Callable[[ApiError], str] = staticmethod(errors.older)

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    # What kinds override.

    def _make(self, api: Api, inputs: Values) -> str:
        """Make it; its id."""
        raise NotImplementedError

    def _finish(self, api: Api, identity: str, inputs: Values) -> None:
        """What is done to it after it exists: where it fails, the thing stays."""

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        """Make it what the inputs say."""
        raise NotImplementedError

    def _remove(self, api: Api, identity: str, state: Values) -> None:
        """Remove it; what is gone already is as good."""
        with api.request(f"{self.kind}.delete") as cloud:
            record = cloud.tables[self.kind].get(int(identity))
            if record is None:
                return
            if record.get("deleteProtection"):
                raise ApiError("protected", f"{self.kind.replace('_', ' ')} deletion is protected")
            removal.remove(cloud, self.kind, int(identity))

    def _record(self, identity: str, known: Values) -> Record | None:
        """What the cloud has of it. `known` are the inputs, or the state."""
        return self._cloud.tables[self.kind].get(int(identity))

    def _seen(self, record: Record, inputs: Values) -> Values:
        """A record as outputs."""
        return {key: value for key, value in record.items() if key != "id"}

    # The verbs of the protocol.

    def check(self, inputs: Values) -> Values:
        return {**self.defaults, **inputs}

    def named(self, urn: str, inputs: Values, before: Values) -> Values:
        if not self.named_itself:
            return inputs
        if "name" in inputs:
            return {**inputs, DEFAULTS: []}
        kept = plain(before.get("name")) if "name" in plain(before.get(DEFAULTS) or []) else None
        name = kept or f"{urn.rsplit('::', 1)[1]}-{secrets.token_hex(4)[:7]}"
        return {**inputs, "name": name, DEFAULTS: ["name"]}

    def compare(self, before: Values, after: Values, state: Values) -> Difference:
        changed = []
        for key in sorted({*before, *after} - {DEFAULTS}):
            old, new = before.get(key), after.get(key)
            if key in self.computed and (new is None or old is None):
                old = state.get(key)
                new = old if new is None else new
            if self._canonical(key, old) != self._canonical(key, new):
                changed.append(key)
        named = self.named_itself and "name" not in (after.get(DEFAULTS) or [])
        return Difference(changed, [key for key in changed if key in self.replaced_by], delete_first=named)

    def foresee(self, inputs: Values, state: Values) -> Values:
        known = state or {name: unknown() for name in (*self.outputs, *self.computed)}
        return {**known, **_without_notes(inputs)}

    def create(self, call: Call, inputs: Values) -> tuple[str, Values]:
        api, bare = self._api(call), plain(inputs)
        with self._told():
            identity = self._make(api, bare)
        try:
            with self._told():
                self._finish(api, identity, bare)
                return identity, self._outputs(api, identity, inputs)
        except Failure as failure:
            outputs = _without_notes(inputs) | self._seen(self._record(identity, bare) or {}, bare)
            raise HalfMade(str(failure), identity, outputs) from None

    def update(self, call: Call, inputs: Values, state: Values) -> Values:
        api = self._api(call)
        with self._told():
            self._change(api, call.identity, plain(inputs), plain(state))
            return self._outputs(api, call.identity, inputs)

    def delete(self, call: Call, state: Values) -> None:
        with self._told():
            self._remove(self._api(call), call.identity, plain(state))

    def look(self, call: Call, inputs: Values, state: Values) -> tuple[Values, Values] | None:
        with self._told(), self._api(call).request(f"{self.kind}.get"):
            record = self._record(call.identity, plain(state))
            if record is None:
                return None
            seen = self._marked(self._seen(record, plain(inputs)), inputs)
        old = plain(state)
        drifted = {
            key: seen[key]
            for key in inputs
            if key in seen and key in old and self._canonical(key, plain(seen[key])) != self._canonical(key, old[key])
        }
        return {**inputs, **drifted}, {**_without_notes(inputs), **seen}

    def _outputs(self, api: Api, identity: str, inputs: Values) -> Values:
        with api.request(f"{self.kind}.get"):
            record = self._record(identity, plain(inputs))
            if record is None:
                raise errors.gone(self.kind.replace("_", " "), identity)
            seen = self._marked(self._seen(record, plain(inputs)), inputs)
        return {**_without_notes(inputs), **seen}

    def _marked(self, seen: Values, inputs: Values) -> Values:
        """What came in as a secret goes out as one."""
        return {key: secret(value) if has_secret(inputs.get(key)) else value for key, value in seen.items()}

    def _canonical(self, key: str, value: Any) -> str:
        return json.dumps(value if key in self.ordered else _sorted(value), sort_keys=True)

    def _api(self, call: Call) -> Api:
        return Api(self._cloud, str(call.settings.get("token", "")), call.stop)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors become what the real provider shows."""
        try:
            yield
        except ApiError as error:
            raise Failure(type(self).worded(error)) from None
        except ProviderError as error:
            raise Failure(str(error)) from None


def changed(inputs: Values, record: Record, *keys: str) -> Values:
    """The inputs among these keys that a record has otherwise."""
    return {key: inputs[key] for key in keys if key in inputs and inputs[key] != record.get(key)}


def _sorted(value: Any) -> Any:
    """Most lists of the provider are sets, which have no order; and none is the same as empty."""
    if isinstance(value, list):
        return sorted((_sorted(part) for part in value), key=lambda part: json.dumps(part, sort_keys=True)) or None
    if isinstance(value, dict):
        parts = {key: _sorted(part) for key, part in value.items()}
        return {key: part for key, part in parts.items() if part is not None} or None
    return value


def _without_notes(inputs: Values) -> Values:
    return {key: value for key, value in inputs.items() if key != DEFAULTS}
