"""Run the whole program against a monitor that only writes down what is declared."""

import asyncio
import json
import runpy
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime import config, mocks, rpc, settings, stack

from tests.answers import printed, script_of
from tests.standins.providers.certificates import CertRequest, LocallySignedCert, SelfSignedCert
from tests.standins.providers.generated import key_pair
from tests.standins.providers.kind import Call, Kind
from tests.standins.providers.values import has_secret, plain, read

ROOT = Path(__file__).parents[2]


@dataclass
class Declared:
    """One resource as the program declared it. `inputs` have their marks of secrecy."""

    name: str
    type: str
    inputs: dict[str, Any]
    depends: frozenset[str]

    @property
    def script(self) -> str:
        """The script it runs, if it is a step."""
        return script_of(plain(self.inputs).get("create") or "")

    @property
    def stdin(self) -> str:
        """What the script is given."""
        return str(plain(self.inputs).get("stdin") or "")


@dataclass
class Graph:
    """All that a run declared and exported."""

    made: dict[str, Declared] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    def steps(self, script: str) -> list[Declared]:
        """The steps that run a script, by name."""
        return sorted((made for made in self.made.values() if made.script == script), key=lambda made: made.name)

    def waits_for(self, name: str) -> set[str]:
        """All that has to be done before a resource, however far back."""
        found: set[str] = set()
        pending = [name]
        while pending:
            for other in self.made[pending.pop()].depends:
                if other in self.made and other not in found:
                    found.add(other)
                    pending.append(other)
        return found


def looked_up(function: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What Hetzner's API knows: two types, of which one is not everywhere; Debian; a zone.

    Raises:
        LookupError: as the plugin says it.
    """
    name = given.get("name")
    match function:
        case "readStackOutputs":
            return {"outputs": {"nodes": {"mx1": {}, "mx2": {}, "mx3": {}}}}
        case "getServerType" if name in {"cx33", "cax21", "cx23"}:
            places = ("fsn1", "nbg1", "hel1") if name != "cx23" else ("fsn1",)
            architecture = "arm" if name == "cax21" else "x86"
            return {"name": name, "architecture": architecture, "locations": [{"name": place} for place in places]}
        case "getImage" if name in {"debian-12", "debian-13"}:
            return {"name": name, "id": 1}
        case "getZone" if name == "example.org":
            return {"name": name, "id": 7, "mode": "primary"}
    raise LookupError(f"no {function.removeprefix('get')} found with name {name}")


@cache
def _pair(algorithm: str) -> dict[str, str]:
    """One pair for all of a kind: making them takes time. In SSH's form they are texts that a test knows again."""
    return {**key_pair(algorithm), "privateKeyOpenssh": "KEY", "publicKeyOpenssh": "ssh-ed25519 AAAA\n"}


_CALL = Call(urn="", log=print, stop=threading.Event())
_CERTIFICATES: dict[str, Kind] = {
    "tls:index/certRequest:CertRequest": CertRequest(),
    "tls:index/selfSignedCert:SelfSignedCert": SelfSignedCert(),
    "tls:index/locallySignedCert:LocallySignedCert": LocallySignedCert(),
}


class _Answers(mocks.Mocks):
    def __init__(self, *, preview: bool) -> None:
        self.preview = preview
        self.numbers = 1000

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        try:
            return looked_up(args.token.rsplit(":", 1)[1], args.args), []
        except LookupError as missing:
            return {}, [("", str(missing))]

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        made: dict[str, Any] = {}
        if args.typ.startswith("hcloud:"):
            return self._made_at_hetzner(args)
        match args.typ:
            case "command:remote:Command" | "command:local:Command":
                made = {"stdout": printed(args.inputs.get("create") or ""), "stderr": ""}
            case "random:index/randomPassword:RandomPassword":
                made = {"result": pulumi.Output.secret(f"generated-for-{args.name}")}
            case "random:index/randomId:RandomId":
                made = {"hex": "00ff"}
            case "tls:index/privateKey:PrivateKey":
                pair = _pair(args.inputs["algorithm"])
                made = {
                    name: pulumi.Output.secret(text) if name.startswith("private") else text
                    for name, text in pair.items()
                }
            case kind if kind in _CERTIFICATES:
                # What it is made of is not known in a preview.
                made = (
                    {"certPem": "", "certRequestPem": ""}
                    if self.preview
                    else _CERTIFICATES[kind].create(_CALL, plain(args.inputs))[1]
                )
        if self.preview and args.custom:
            made = dict.fromkeys(made, rpc.UNKNOWN)
        return f"{args.name}-id", {**args.inputs, **made}

    def _made_at_hetzner(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Ids are numbers; addresses are known once they are there."""
        self.numbers += 1
        kind = args.typ.rsplit(":", 1)[1]
        made: dict[str, Any] = {}
        if kind == "PrimaryIp":
            address = f"203.0.113.{self.numbers}" if args.inputs["type"] == "ipv4" else f"2001:db8:{self.numbers:x}::"
            made = {"ipAddress": address}
        elif kind == "LoadBalancer":
            made = {"ipv4": "198.51.100.7", "ipv6": "2001:db8:b::1"}
        elif kind == "Volume":
            made = {"linuxDevice": f"/dev/disk/by-id/scsi-0HC_Volume_{self.numbers}"}
        if self.preview:
            made = dict.fromkeys(made, rpc.UNKNOWN)
        return str(self.numbers), {**args.inputs, **made}


class _Monitor(mocks.MockMonitor):
    """Keeps what the public mocks drop: dependencies, secrecy, the stack's outputs."""

    def __init__(self, answers: _Answers, graph: Graph) -> None:
        super().__init__(answers)
        self.graph = graph

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # the protocol's name
        depends = frozenset(urn.rsplit("::", 1)[1] for urn in request.dependencies)
        declared = Declared(request.name, request.type, read(request.object), depends)
        self.graph.made[request.name] = declared
        answer = super().RegisterResource(request)  # type: ignore[no-untyped-call]  # untyped in the SDK
        # As the plugin has it: any secret input makes the outputs of a step secret.
        if request.type.endswith(":Command") and has_secret(declared.inputs):
            stdout = answer.object.fields["stdout"]
            answer.object.fields["stdout"].struct_value.update(
                {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": stdout.string_value}
            )
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Empty:  # noqa: N802  # the protocol's name
        if request.urn.endswith("stalwart-cluster-dev"):
            self.graph.outputs.update(read(request.outputs))
        return Empty()


def run(
    given: Mapping[str, Any],
    *,
    secrets: Mapping[str, str] | None = None,
    preview: bool = False,
    graph: Graph | None = None,
) -> Graph:
    """Declare a stack.

    Args:
        given: the values of a stack file, without the project's name.
        secrets: values that are stored as secrets.
        preview: nothing that a provider makes is known yet.
        graph: where to write down what is declared, also when the program refuses.

    Raises:
        pulumi.RunError: what the program refuses.
    """
    graph = Graph() if graph is None else graph
    hidden = dict(secrets or {})
    values = {f"stalwart-cluster:{key}": _text(value) for key, value in {**given, **hidden}.items()}
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    settings.set_root_resource(None)  # type: ignore[arg-type]  # there is none yet
    try:
        answers = _Answers(preview=preview)
        mocks.set_mocks(
            answers, project="stalwart-cluster", stack="dev", preview=preview, monitor=_Monitor(answers, graph)
        )
        config.set_all_config(values, [f"stalwart-cluster:{key}" for key in hidden])
        loop.run_until_complete(stack.run_pulumi_func(_program))
    finally:
        loop.close()
    return graph


def _program() -> None:
    runpy.run_path(str(ROOT / "__main__.py"))
    root = settings.get_root_resource()
    assert isinstance(root, stack.Stack)
    root.register_outputs(root.outputs)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
