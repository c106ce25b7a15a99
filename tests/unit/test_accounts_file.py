"""Accounts from a file: as in the stack file, every mistake with its line, hashes only where nobody else reads."""

from pathlib import Path
from typing import Any

import pytest

from components.settings import Settings, SettingsError, check

STACK: dict[str, Any] = {"platform": "lab", "nodes": {"mx1": {}}, "domains": {"dev.test": {}}}
HASH = "$6$" + "a" * 16 + "$" + "b" * 86


@pytest.fixture(autouse=True)
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of a stack file."""
    monkeypatch.chdir(tmp_path)


def written(text: str, name: str = "people.csv", mode: int = 0o644) -> str:
    """A file beside the stack file."""
    Path(name).write_text(text, encoding="utf-8")
    Path(name).chmod(mode)
    return name


def taken(name: str, **more: Any) -> Settings:
    return check({**STACK, "accounts_file": name, **more})


def mistakes(name: str, **more: Any) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        taken(name, **more)
    return [str(mistake) for mistake in refused.value.mistakes]


def test_a_table_is_read_as_spreadsheets_write_it() -> None:
    lines = (
        "\ufeffaddress,name,aliases,groups,quota",
        'Anna@dev.test,"Example, Anna",a@dev.test; b@dev.test,office@dev.test,5GiB',
        "bob@dev.test,,,,",
    )
    text = "\r\n".join(lines)
    settings = taken(written(text), groups={"office@dev.test": {}}, accounts={"eve@dev.test": {}})
    assert {*settings.accounts} == {"anna@dev.test", "bob@dev.test", "eve@dev.test"}
    anna = settings.accounts["anna@dev.test"]
    assert (anna.name, anna.aliases, anna.quota) == ("Example, Anna", ("a@dev.test", "b@dev.test"), 5120)


def test_a_list_in_json_is_read_too() -> None:
    text = '[{"address": "anna@dev.test", "aliases": ["a@dev.test"], "password": 2, "enabled": false}]'
    anna = taken(written(text, "people.json")).accounts["anna@dev.test"]
    assert (anna.aliases, anna.password, anna.enabled) == (("a@dev.test",), 2, False)


def test_a_column_that_is_none_is_told_once_however_many_lines_have_it() -> None:
    text = "address,nme\n" + "".join(f"p{number}@dev.test,Anna\n" for number in range(50))
    assert mistakes(written(text)) == ["accounts_file[2]: nme is no column (did you mean name?)"]
    beyond = "address\nanna@dev.test,Anna\nbob@dev.test,Bob\n"
    assert len(mistakes(written(beyond))) == 2


def test_a_table_without_addresses_is_told_once() -> None:
    (told,) = mistakes(written("adress,name\nanna@dev.test,Anna\nbob@dev.test,Bob\n"))
    assert "a column address is wanted, and its first line has adress, name" in told


def test_every_mistake_has_its_line() -> None:
    text = (
        "address,aliases,quota,groups,qota\n"
        "anna@dev.test,,0MiB,,\n"
        "nobody,,,,\n"
        "bob@dev.test,eve@dev.test,,nowhere@dev.test,\n"
        "bob@dev.test,,,,\n"
        "zoe@elsewhere.net,,,,5GiB\n"
        "kai@dev.test,,,,\n"
    )
    told = dict(
        line.split(": ", 1) for line in mistakes(written(text), accounts={"eve@dev.test": {}, "kai@dev.test": {}})
    )
    assert sorted(told) == [
        'accounts["eve@dev.test"]',
        "accounts_file[2].quota",
        "accounts_file[3].address",
        "accounts_file[4].groups[0]",
        "accounts_file[5].address",
        "accounts_file[6]",
        "accounts_file[7].address",
    ]
    assert "accounts_file[4].aliases[0] already" in told['accounts["eve@dev.test"]']
    assert "accounts_file[4] already" in told["accounts_file[5].address"]
    assert "stands in accounts too" in told["accounts_file[7].address"]


def test_hashes_are_taken_only_from_a_file_that_nobody_else_reads() -> None:
    text = f"address,password_hash\nanna@dev.test,{HASH}\n"
    (told,) = mistakes(written(text))
    assert told.startswith(
        "accounts_file: people.csv holds hashes of passwords, and others on this machine may read it"
    )
    assert told.endswith("(chmod 600 people.csv)")
    assert taken(written(text, mode=0o600)).accounts["anna@dev.test"].password_hash == HASH


def test_clear_text_in_place_of_a_hash_is_refused_and_not_repeated() -> None:
    (told,) = mistakes(written("address,password_hash\nanna@dev.test,sommerregen\n", mode=0o600))
    assert told.startswith("accounts_file[2].password_hash: ")
    assert "sommerregen" not in told


@pytest.mark.parametrize(
    ("name", "text"),
    [("people.csv", None), ("people.json", "{"), ("people.json", '{"anna@dev.test": {}}'), ("people.json", "[1]")],
)
def test_a_file_that_cannot_be_read_is_told(name: str, text: str | None) -> None:
    if text is not None:
        written(text, name)
    (told,) = mistakes(name)
    assert told.startswith(f"accounts_file: {name} cannot be read: ")


def test_another_kind_of_file_is_refused() -> None:
    (told,) = mistakes("people.xlsx")
    assert "a CSV or JSON file" in told
