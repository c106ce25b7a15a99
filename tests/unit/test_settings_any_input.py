"""Whatever a stack file holds, the answer is settings or sentences, never a traceback."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.settings import SettingsError, check
from components.settings.mistakes import Mistake
from components.settings.model import Settings
from components.topology import plan

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from([*Settings.model_fields, "admin_password", "ssh_private_key"]) | st.text(max_size=12)

# Nearly right stack files find more than noise does.
NODE = st.fixed_dictionaries(
    {},
    optional={
        "address": st.sampled_from(["10.0.0.1", "10.0.0.2", "10.77.0.20", "x", ""]) | LEAVES,
        "zone": st.sampled_from(["a", "b", "c", "-"]) | LEAVES,
        "roles": st.lists(st.sampled_from(["database", "mail", "cook"]), max_size=3),
        "ssh_address": st.text(max_size=8),
    },
)
NEARLY = st.fixed_dictionaries(
    {
        "platform": st.sampled_from(["lab", "existing", "hetzner"]),
        "nodes": st.dictionaries(st.sampled_from(["mx1", "mx2", "db10", "x", "MX"]), NODE | st.none(), max_size=5),
        "domains": st.dictionaries(
            st.sampled_from(["dev.test", "two.test", "a.example", "ü.test", "Ü.test", "x"]) | st.text(max_size=9),
            st.none()
            | st.fixed_dictionaries(
                {},
                optional={
                    "aliases": st.lists(st.sampled_from(["dev.test", "al.test", "ü.test"]) | LEAVES, max_size=2),
                    "catch_all": st.sampled_from(["a@dev.test", "a@b.test", "@", "a"]) | LEAVES,
                    "sub_addressing": LEAVES,
                },
            ),
            max_size=3,
        ),
    },
    optional={
        "fault_tolerance": st.sampled_from(["auto", 0, 1, 2, 3, "1"]) | LEAVES,
        "release": st.fixed_dictionaries({}, optional={"stalwart": st.sampled_from(["0.16.27", "9.9.9", "x"])}),
        "database": VALUES,
        "lab": st.fixed_dictionaries({}, optional={"network": st.sampled_from(["10.0.0.0/24", "1.2.3.4/8"]) | LEAVES}),
        "mirror": st.text(max_size=12),
    },
)


def answer(given_values: dict[str, Any]) -> None:
    mistakes: list[Mistake] = []
    try:
        found = check(given_values)
    except SettingsError as error:
        mistakes = error.mistakes
    else:
        assert plan(found).nodes, "what was accepted can be laid out"
        return
    assert mistakes
    assert all(mistake.problem for mistake in mistakes)


@given(st.dictionaries(KEYS, VALUES, max_size=8))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_no_input_gives_a_traceback(given_values: dict[str, Any]) -> None:
    answer(given_values)


@given(NEARLY)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_no_nearly_right_input_gives_a_traceback(given_values: dict[str, Any]) -> None:
    answer(given_values)
