"""Tell why each step runs again, in a preview and in a run, and warn once of what goes down."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pulumi
from pulumi.resource import DependencyResource
from pulumi.runtime.proto.resource_pb2 import RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS
from pulumi.runtime.rpc import UNKNOWN
from pulumi.runtime.settings import monitor_supports_feature

from components.reasons.compare import Difference, Unknown, Value, difference
from components.reasons.leaving import disabled, erased
from components.reasons.restarts import Service, all_at_once, consequence, goes_over, restarted, warning
from components.reasons.wording import reason
from components.topology import Plan

Step = TypeVar("Step", bound=pulumi.Resource)
Values = Mapping[str, pulumi.Input[str]]

_present: ContextVar["Watch | None"] = ContextVar("watch", default=None)


def listen(plan: Plan) -> None:
    """Begin to tell, for all the steps that are declared from now on. An older engine, without hooks, tells nothing."""
    able = monitor_supports_feature(RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS)
    _present.set(Watch(plan) if able else None)


def binding() -> pulumi.ResourceHookBinding | None:
    """What a step's options need, so that it is watched."""
    watch = _present.get()
    return pulumi.ResourceHookBinding(before_update=[watch.hook]) if watch else None


def warned_when_made(name: str, text: str) -> pulumi.ResourceHookBinding | None:
    """What a resource's options need, so that a preview and a run warn when it is made, and never again.

    Args:
        name: of the resource.
        text: the warning.
    """
    if not _present.get():
        return None

    async def warn(_: pulumi.ResourceHookArgs) -> None:
        pulumi.warn(text)

    options = pulumi.ResourceHookOptions(on_dry_run=True, ignore_errors=True)
    return pulumi.ResourceHookBinding(before_create=[pulumi.ResourceHook(f"warn when {name} is made", warn, options)])


def watched(name: str, step: Step, values: Values) -> Step:
    """The step, after its variables are noted: the engine knows them as one text only, unknown as a whole."""
    if watch := _present.get():
        watch.noted[name] = Noted(step, values)
    return step


@dataclass(frozen=True)
class Noted:
    """A step and its variables."""

    step: pulumi.Resource
    values: Values


@dataclass
class Watch:
    """One run of the program. A shared hook, because one for each step would cost a call to the engine for each."""

    plan: Plan
    noted: dict[str, Noted] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._going_down: dict[Service, set[str]] = {}
        options = pulumi.ResourceHookOptions(on_dry_run=True, ignore_errors=True)
        self.hook = pulumi.ResourceHook("tell why it runs again", self._tell, options)

    async def _tell(self, args: pulumi.ResourceHookArgs) -> None:
        step = DependencyResource(args.urn)
        try:
            values, secrets = await _known(self.noted[args.name].values)
            found = difference(await _bare(args.old_inputs), await _bare(args.new_inputs), values)
            told = "; ".join(filter(None, [reason(found, secrets), consequence(found), disabled(found)]))
            last = await _bare(args.old_outputs)
            lost = "; ".join(erased(found, str(last.get("stdout") or "")))
        except Exception as error:  # noqa: BLE001  # nothing that is told may stop what is done
            told = f"runs again; why cannot be told: {type(error).__name__}"
        else:
            self._note(found, values)
            if lost:
                pulumi.warn(lost, step)
        pulumi.info(told, step)

    def _note(self, found: Difference, values: Mapping[str, Value]) -> None:
        """A run is warned at the first node that goes down, of all of them; a preview when all are known."""
        if goes_over(found):
            pulumi.warn(all_at_once(self.plan, str(values["FDB_VERSION"])))
        service = restarted(found)
        if service is None:
            return
        first = not self._going_down
        new = service not in self._going_down
        self._going_down.setdefault(service, set()).add(str(values["NODE"]))
        if not pulumi.runtime.is_dry_run():
            if new:
                nodes = self.plan.mail_nodes if service is Service.MAIL else self.plan.nodes
                pulumi.warn(warning(self.plan, {service: [node.name for node in nodes]}))
        elif first:
            declared = pulumi.Output.all(*[noted.step.urn for noted in self.noted.values()])
            declared.apply(lambda _: pulumi.warn(warning(self.plan, self._going_down)))


async def _known(values: Values) -> tuple[dict[str, Value], set[str]]:
    """The variables as far as they are known, and the names of those that are secret."""
    known: dict[str, Value] = {}
    secrets: set[str] = set()
    for name, value in values.items():
        if isinstance(value, str):
            known[name] = value
            continue
        output: pulumi.Output[Any] = pulumi.Output.from_input(value)
        known[name] = str(await output.future()) if await output.is_known() else Unknown.LATER
        if await output.is_secret():
            secrets.add(name)
    return known, secrets


async def _bare(inputs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Inputs without marks: of secrecy, and of what is not known yet."""
    bare = {}
    for name, value in (inputs or {}).items():
        open_value = await value.future(with_unknowns=True) if isinstance(value, pulumi.Output) else value
        bare[name] = _marked(open_value)
    return bare


def _marked(value: Any) -> Any:  # noqa: ANN401  # any input
    if isinstance(value, Mapping):
        return {key: _marked(part) for key, part in value.items()}
    return Unknown.LATER if value == UNKNOWN else value
