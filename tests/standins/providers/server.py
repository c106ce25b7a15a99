"""The engine's protocol for one plugin, whatever kinds of resources it has."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from weakref import WeakSet

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from . import connections
from .kind import Call, Compares, Configuration, Difference, Failure, Function, HalfMade, Kind, Looks, Mistake, Names
from .values import Values, plain, read, write

# Steps of one stack that the engine may have under way at once; each holds a thread.
_WORKERS = 256
_MESSAGE_BYTES = 64 * 1024 * 1024

Context = grpc.ServicerContext


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """A plugin that attaches to one engine after the other."""

    def __init__(
        self,
        version: str,
        kinds: Mapping[str, Kind],
        functions: Mapping[str, Function] | None = None,
        configuration: Configuration | None = None,
    ) -> None:
        self._version = version
        self._kinds = kinds
        self._functions = functions or {}
        self._configuration = configuration
        # Providers of one stack that differ in their settings share this process, and each has a connection of its own.
        self._settings: dict[str, Values] = {}
        self._engine: Any = None
        self._is_canceled = False
        self._stops: WeakSet[threading.Event] = WeakSet()

    def Handshake(self, request: Any, context: Context) -> Any:  # noqa: N802  # the protocol's names
        self._attach(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=False, accept_outputs=False, supports_autonaming_configuration=False
        )

    def Attach(self, request: Any, context: Context) -> Any:  # noqa: N802
        self._attach(request.address)
        return Empty()

    def GetPluginInfo(self, request: Any, context: Context) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, request: Any, context: Context) -> Any:  # noqa: N802
        return provider_pb2.GetSchemaResponse(schema="{}")

    def CheckConfig(self, request: Any, context: Context) -> Any:  # noqa: N802
        try:
            if self._configuration:
                self._configuration.check(read(request.news))
        except Mistake as mistake:
            return _refused(mistake)
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Context) -> Any:  # noqa: N802
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Context) -> Any:  # noqa: N802
        if configuration := self._configuration:
            given = read(request.args)
            self._settings[context.peer()] = self._done(context, lambda: configuration.accept(given))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=False)

    def Check(self, request: Any, context: Context) -> Any:  # noqa: N802
        kind, inputs = self._kind(request.urn, context), read(request.news)
        try:
            checked = kind.check(inputs)
            if isinstance(kind, Names):
                checked = kind.named(request.urn, checked, read(request.olds))
        except Mistake as mistake:
            return _refused(mistake)
        return provider_pb2.CheckResponse(inputs=write(checked))

    def Diff(self, request: Any, context: Context) -> Any:  # noqa: N802
        kind = self._kind(request.urn, context)
        before, after = plain(read(request.old_inputs)), plain(read(request.news))
        if isinstance(kind, Compares):
            found = kind.compare(before, after, plain(read(request.olds)))
        else:
            changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
            found = Difference(changed, [key for key in changed if key in kind.replaced_by])
        changed = [key for key in found.changed if key not in request.ignoreChanges]
        replacing = [key for key in found.replacing if key in changed]
        some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=some, diffs=changed, replaces=replacing, deleteBeforeReplace=bool(replacing) and found.delete_first
        )

    def Create(self, request: Any, context: Context) -> Any:  # noqa: N802
        kind, inputs = self._kind(request.urn, context), read(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(id="", properties=write(kind.foresee(inputs, {})))
        identity, outputs = self._done(context, lambda: kind.create(self._call(request.urn, context), inputs))
        return provider_pb2.CreateResponse(id=identity, properties=write(outputs))

    def Update(self, request: Any, context: Context) -> Any:  # noqa: N802
        kind, inputs, state = self._kind(request.urn, context), read(request.news), read(request.olds)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=write(kind.foresee(inputs, state)))
        call = self._call(request.urn, context, request.id)
        outputs: Values = self._done(context, lambda: kind.update(call, inputs, state))
        return provider_pb2.UpdateResponse(properties=write(outputs))

    def Delete(self, request: Any, context: Context) -> Any:  # noqa: N802
        kind, call = self._kind(request.urn, context), self._call(request.urn, context, request.id)
        self._done(context, lambda: kind.delete(call, read(request.properties)))
        return Empty()

    def Read(self, request: Any, context: Context) -> Any:  # noqa: N802
        kind = self._kind(request.urn, context)
        if not isinstance(kind, Looks):  # what the state says is what it is
            return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
        inputs, state = read(request.inputs), read(request.properties)
        call = self._call(request.urn, context, request.id)
        seen = self._done(context, lambda: kind.look(call, inputs, state))
        if seen is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=request.id, inputs=write(seen[0]), properties=write(seen[1]))

    def Invoke(self, request: Any, context: Context) -> Any:  # noqa: N802
        if request.tok not in self._functions:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"no stand-in for {request.tok}")
        call, given = self._call("", context), plain(read(request.args))
        found = self._done(context, lambda: self._functions[request.tok](call, given))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(write(found))  # a word of Python's own
        return response

    def Cancel(self, request: Any, context: Context) -> Any:  # noqa: N802
        self._is_canceled = True
        for stop in [*self._stops]:
            stop.set()
        return Empty()

    def _attach(self, address: str) -> None:
        if address:
            self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address, options=[connections.OWN]))
            self._is_canceled = False

    def _kind(self, urn: str, context: Context) -> Kind:
        token = urn.split("::")[2].rsplit("$", 1)[-1]
        if token not in self._kinds:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"no stand-in for {token}")
        return self._kinds[token]

    def _call(self, urn: str, context: Context, identity: str = "") -> Call:
        engine = self._engine

        def log(text: str) -> None:
            request = engine_pb2.LogRequest(severity=engine_pb2.INFO, message=text, urn=urn, ephemeral=True)
            with suppress(grpc.RpcError):  # an engine that is ending does not listen any more
                engine.Log(request)

        stop = threading.Event()
        self._stops.add(stop)
        # Nobody waits any more, as after the time a step may take: what runs for it ends.
        if self._is_canceled or not context.add_callback(stop.set):
            stop.set()
        return Call(urn, log, stop, self._settings.get(context.peer(), {}), identity)

    def _done(self, context: Context, work: Any) -> Any:
        try:
            return work()
        except HalfMade as half:
            context.set_trailing_metadata((("grpc-status-details-bin", _half_made(half)),))
            return context.abort(grpc.StatusCode.UNKNOWN, str(half))
        except Failure as failure:
            return context.abort(grpc.StatusCode.UNKNOWN, str(failure))


def _refused(mistake: Mistake) -> Any:
    failure = provider_pb2.CheckFailure(property=mistake.where, reason=mistake.what)
    return provider_pb2.CheckResponse(failures=[failure])


def _half_made(half: HalfMade) -> bytes:
    """The detail of an error that tells the engine what exists nevertheless."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=half.identity, properties=write(half.outputs), reasons=[str(half)], inputs=write({})
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(half))
    status.details.add().Pack(detail)
    return bytes(status.SerializeToString())


def serve(plugin: Plugin) -> tuple[grpc.Server, int]:
    """Start a plugin on a free port of loopback; the server and its port."""
    limits = [("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)]
    server = grpc.server(ThreadPoolExecutor(_WORKERS), options=limits)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port
