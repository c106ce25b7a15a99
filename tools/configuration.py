"""docs/configuration.md, written from the settings' models: `make docs`. A test keeps it fresh."""

import types
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from components.outputs import DESCRIPTIONS
from components.settings.fields.shape import Written
from components.settings.loader import SECRETS
from components.settings.model import Settings

_HEAD = """# Configuration

Written by `make docs` from `components/settings/model.py`; do not edit.

A stack file, `Pulumi.<stack>.yaml`, holds these keys under `config:`, each with the prefix `stalwart-cluster:`. The
same keys can be set from the command line, inner ones with `--path`:

```sh
pulumi config set --path stalwart-cluster:nodes.mx1.zone fsn1
pulumi config set --secret stalwart-cluster:admin_password
```

All mistakes of a stack file are reported together, before anything is touched.
"""


def document() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_section("", Settings), *_secrets(), *_outputs()]) + "\n"


def _section(path: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"## {path or 'Top level'}"
    yield ""
    yield "| Key | Type | Default | Meaning |"
    yield "| --- | --- | --- | --- |"
    inner: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        nested = _model(field.annotation)
        if nested:
            mapped = get_origin(_plain(field.annotation)) is dict
            inner.append((f"{path}{'.' if path else ''}{name}{'.<name>' if mapped else ''}", nested))
        yield f"| `{name}` | {_type(field.annotation, field.metadata)} | {_default(field)} | {field.description} |"
    yield ""
    for below, nested in inner:
        yield from _section(below, nested)


def _secrets() -> Iterator[str]:
    yield "## Secrets"
    yield ""
    yield "Set with `pulumi config set --secret`; in clear text they are refused."
    yield ""
    yield "| Key | Meaning |"
    yield "| --- | --- |"
    for name, meaning in SECRETS.items():
        yield f"| `{name}` | {meaning} |"
    yield ""


def _outputs() -> Iterator[str]:
    yield "## Outputs"
    yield ""
    yield "| Output | Meaning |"
    yield "| --- | --- |"
    for name, meaning in DESCRIPTIONS.items():
        yield f"| `{name}` | {meaning} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True) if field.default_factory is None else {}
    if value is None or value is PydanticUndefined:
        return "`auto`" if "`auto`" in (field.description or "") else "-"
    if isinstance(value, BaseModel) or value == {}:
        return "see below" if isinstance(value, BaseModel) else "none"
    if isinstance(value, frozenset | tuple):
        parts = [str(part) for part in value]
        return f"`[{', '.join(sorted(parts) if isinstance(value, frozenset) else parts)}]`"
    if value == "":
        return "-"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _type(annotation: Any, metadata: Iterable[object] = ()) -> str:  # noqa: ANN401  # a typing annotation of any shape
    written = [item.what for item in (*metadata, *_metadata(annotation)) if isinstance(item, Written)]
    if written:
        return written[0]
    plain = _plain(annotation)
    origin, arguments = get_origin(plain), get_args(plain)
    if origin is dict:
        return f"map of {_type(arguments[1])}"
    if origin in (tuple, frozenset):
        return f"list of {_type(arguments[0])}"
    if isinstance(plain, type) and issubclass(plain, Enum):
        return " or ".join(f"`{item.value}`" for item in plain)
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        return "section"
    names = {"str": "text", "int": "number", "float": "number", "bool": "true or false"}
    names |= {"IPv4Address": "IPv4 address", "IPv4Network": "IPv4 network"}
    return names.get(getattr(plain, "__name__", ""), "text")


def _metadata(annotation: Any) -> Iterable[object]:  # noqa: ANN401  # a typing annotation of any shape
    return get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()


def _model(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401  # a typing annotation of any shape
    plain = _plain(annotation)
    if get_origin(plain) is dict:
        plain = _plain(get_args(plain)[1])
    return plain if isinstance(plain, type) and issubclass(plain, BaseModel) else None


def _plain(annotation: Any) -> Any:  # noqa: ANN401  # a typing annotation of any shape
    """`Annotated[T, ...]` and `T | None` are T."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return _plain(next(part for part in get_args(annotation) if part is not type(None)))
    return annotation


if __name__ == "__main__":
    print(document(), end="")
