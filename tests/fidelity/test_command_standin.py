"""The stand-in of the command plugin hands on what a step printed before, as the plugin does (pulumi-command 1.2.1)."""

import threading
from typing import Any

import pytest

from tests.standins.providers.command import Command, run_local
from tests.standins.providers.kind import Call, Failure
from tests.standins.providers.values import plain, secret

SHOW = 'echo "[$PULUMI_COMMAND_STDOUT|$PULUMI_COMMAND_STDERR]"; echo said >&2'
CALL = Call("urn:pulumi:dev::p::command:local:Command::step", lambda _: None, threading.Event(), {}, "")


def made(**inputs: Any) -> tuple[Command, dict[str, Any], dict[str, Any]]:
    """The plugin, the inputs, and the state after a create."""
    plugin, given = Command(run_local), {"create": SHOW, **inputs}
    return plugin, given, plugin.create(CALL, given)[1]


def test_a_create_has_no_former_output_and_an_update_has_that_of_the_last_run() -> None:
    plugin, inputs, state = made()
    assert plain(state["stdout"]) == "[|]"
    state = plugin.update(CALL, inputs, state)
    assert plain(state["stdout"]) == "[[|]|said]"
    assert plain(plugin.update(CALL, inputs, state)["stdout"]) == "[[[|]|said]|said]"


def test_a_delete_has_it_too_and_of_a_secret_the_value() -> None:
    plugin, _, state = made(stdin=secret("x"), delete='test "$PULUMI_COMMAND_STDOUT" = "[|]"')
    plugin.delete(CALL, state)
    with pytest.raises(Failure, match="exit status 1"):
        plugin.delete(CALL, {**state, "stdout": "another"})


def test_a_step_that_does_not_want_it_is_not_given_it() -> None:
    plugin, inputs, state = made(addPreviousOutputInEnv=False)
    assert plain(plugin.update(CALL, inputs, state)["stdout"]) == "[|]"


def test_an_update_that_fails_leaves_the_former_output() -> None:
    plugin, inputs, state = made()
    with pytest.raises(Failure):
        plugin.update(CALL, {**inputs, "update": "exit 1"}, state)
    assert plain(plugin.update(CALL, inputs, state)["stdout"]) == "[[|]|said]"
