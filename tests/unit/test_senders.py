"""Which nodes send: what a stack file may say of it, what it is warned of, and what status tells."""

from dataclasses import replace
from typing import Any

import pytest

from components.advice import advice
from components.settings import SettingsError, check
from components.stalwart import wish
from components.topology import plan
from tests.unit.test_status import FOUND, WELL
from tools.status.differences import differences

STACK: dict[str, Any] = {"platform": "lab", "domains": {"dev.test": {}}}
QUIET = {"sends": False}


def mistakes(**changed: Any) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        check({**STACK, **changed})
    return [str(mistake) for mistake in refused.value.mistakes]


def warned(**changed: Any) -> str:
    settings = check({**STACK, **changed})
    return "\n".join(advice(settings, plan(settings), "dev"))


def test_every_node_sends_that_has_the_mail_server() -> None:
    found = plan(check({**STACK, "nodes": {"mx1": {}, "mx2": QUIET, "db3": {"roles": ["database"]}}}))
    assert [node.name for node in found.sending_nodes] == ["mx1"]


def test_a_stack_in_which_no_node_sends_is_refused() -> None:
    (told,) = mistakes(nodes={"mx1": QUIET, "mx2": QUIET, "db3": {"roles": ["database"]}})
    assert told.startswith("nodes: no node sends: all mail to others would wait")


def test_where_a_relay_sends_it_is_refused_to_name_nodes() -> None:
    (told,) = mistakes(nodes={"mx1": {}, "mx2": QUIET}, mail={"relay": {"host": "relay.example.net"}})
    assert told == (
        "nodes.mx2.sends: all mail leaves through relay.example.net, whichever node has it (remove one of the two)"
    )


def test_of_a_node_without_the_mail_server_nothing_is_said() -> None:
    (told,) = mistakes(nodes={"mx1": {}, "db2": {"roles": ["database"], **QUIET}})
    assert told.startswith("nodes.db2.sends: is said of a node without the mail server")


def test_senders_that_may_all_fail_at_once_are_warned_of() -> None:
    nodes: dict[str, Any] = {"mx1": {}, "mx2": QUIET, "mx3": QUIET}
    told = warned(nodes=nodes)
    assert "mail leaves only by mx1, in 1 of 3 failure zones, of which 1 may fail" in told
    assert "mail leaves only" not in warned(nodes={**nodes, "mx2": {}})
    same = {"mx1": {"zone": "a"}, "mx2": {"zone": "a"}, "mx3": {"zone": "b", **QUIET}, "mx4": {"zone": "c", **QUIET}}
    assert "mail leaves only by mx1, mx2, in 1 of 3 failure zones" in warned(nodes=same)


def test_where_every_node_sends_nothing_is_warned_of() -> None:
    assert "mail leaves only" not in warned(nodes={"mx1": {}, "mx2": {}, "mx3": {}})


def test_mail_leaves_by_ipv6_where_those_that_send_have_it() -> None:
    nodes = {
        "mx1": {"address": "10.0.0.11", "public": ["203.0.113.11", "2001:db8::11"]},
        "mx2": {"address": "10.0.0.12", "public": ["203.0.113.12"]},
    }
    for sends, ipv6 in ((True, "false"), (False, "true")):
        given = {**nodes, "mx2": {**nodes["mx2"], "sends": sends}}
        settings = check({**STACK, "platform": "existing", "nodes": given})
        assert f'"ipv6": {ipv6}' in wish.document(settings, plan(settings))


def test_a_node_that_would_send_itself_after_all_is_told_of() -> None:
    (first, *others) = WELL.nodes
    seen = replace(first, found={**FOUND, "sends_itself": True})
    (told,) = differences(replace(WELL, nodes=(seen, *others)))
    assert "mail would leave from" in told.what
    assert told.remedy == "make mend"
