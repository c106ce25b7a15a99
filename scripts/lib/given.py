"""What a script is given, however long: what does not fit into an environment comes through a pipe."""

from os import environ
from pathlib import Path


def given(name: str) -> str:
    """The value of a variable.

    Raises:
        KeyError: it was not given.
    """
    pipe = environ.get(f"{name}_PIPE")
    return Path(pipe).read_text() if pipe else environ[name]
