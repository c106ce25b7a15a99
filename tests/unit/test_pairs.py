"""Keys and values of any bytes go to fdbcli and come back."""

from hypothesis import given
from hypothesis import strategies as st
from lib.foundationdb.pairs import escaped, parse

from tests.standins.foundationdb.cli import _bytes, _printed


@given(st.binary(min_size=1, max_size=40))
def test_what_is_escaped_is_read_as_it_was(data: bytes) -> None:
    assert _bytes(escaped(data)) == data


@given(st.binary(min_size=1, max_size=20), st.binary(max_size=40))
def test_what_is_printed_is_read_as_it_was(key: bytes, value: bytes) -> None:
    said = f"\nRange limited to 10 keys\n`{_printed(key)}' is `{_printed(value)}'\n"
    assert parse(said) == {key: value}


def test_what_goes_to_fdbcli_has_no_sign_that_it_reads_otherwise() -> None:
    assert escaped(b"a;\"'\\ \n-/.") == "a\\x3b\\x22\\x27\\x5c\\x20\\x0a-/."
