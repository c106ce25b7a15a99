"""The engine's protocol for one plugin, whatever kinds of resources it has."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc

from .kind import Call, Failure, Kind
from .values import Values, plain, read, write

# Steps of one stack that the engine may have under way at once; each holds a thread.
_WORKERS = 256
_MESSAGE_BYTES = 64 * 1024 * 1024

Context = grpc.ServicerContext


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """A plugin that attaches to one engine after the other."""

    def __init__(self, version: str, kinds: Mapping[str, Kind]) -> None:
        self._version = version
        self._kinds = kinds
        self._engine: Any = None
        self._stop = threading.Event()

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
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Context) -> Any:  # noqa: N802
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Context) -> Any:  # noqa: N802
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=False)

    def Check(self, request: Any, context: Context) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=write(self._kind(request.urn, context).check(read(request.news))))

    def Diff(self, request: Any, context: Context) -> Any:  # noqa: N802
        kind = self._kind(request.urn, context)
        before, after = plain(read(request.old_inputs)), plain(read(request.news))
        ignored = set(request.ignoreChanges)
        changed = sorted(k for k in {*before, *after} - ignored if before.get(k) != after.get(k))
        replacing = [key for key in changed if key in kind.replaced_by]
        some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some, diffs=changed, replaces=replacing)

    def Create(self, request: Any, context: Context) -> Any:  # noqa: N802
        kind, inputs = self._kind(request.urn, context), read(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(id="", properties=write(kind.foresee(inputs, {})))
        identity, outputs = self._done(context, lambda: kind.create(self._call(request.urn), inputs))
        return provider_pb2.CreateResponse(id=identity, properties=write(outputs))

    def Update(self, request: Any, context: Context) -> Any:  # noqa: N802
        kind, inputs, state = self._kind(request.urn, context), read(request.news), read(request.olds)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=write(kind.foresee(inputs, state)))
        outputs: Values = self._done(context, lambda: kind.update(self._call(request.urn), inputs, state))
        return provider_pb2.UpdateResponse(properties=write(outputs))

    def Delete(self, request: Any, context: Context) -> Any:  # noqa: N802
        kind = self._kind(request.urn, context)
        self._done(context, lambda: kind.delete(self._call(request.urn), read(request.properties)))
        return Empty()

    def Read(self, request: Any, context: Context) -> Any:  # noqa: N802
        # None of the three plugins looks at the world: what the state says is what it is.
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Cancel(self, request: Any, context: Context) -> Any:  # noqa: N802
        self._stop.set()
        return Empty()

    def _attach(self, address: str) -> None:
        if address:
            self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))
            self._stop = threading.Event()

    def _kind(self, urn: str, context: Context) -> Kind:
        token = urn.split("::")[2].rsplit("$", 1)[-1]
        if token not in self._kinds:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"no stand-in for {token}")
        return self._kinds[token]

    def _call(self, urn: str) -> Call:
        engine = self._engine

        def log(text: str) -> None:
            request = engine_pb2.LogRequest(severity=engine_pb2.INFO, message=text, urn=urn, ephemeral=True)
            with suppress(grpc.RpcError):  # an engine that is ending does not listen any more
                engine.Log(request)

        return Call(urn, log, self._stop)

    def _done(self, context: Context, work: Any) -> Any:
        try:
            return work()
        except Failure as failure:
            return context.abort(grpc.StatusCode.UNKNOWN, str(failure))


def serve(plugin: Plugin) -> tuple[grpc.Server, int]:
    """Start a plugin on a free port of loopback; the server and its port."""
    limits = [("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)]
    server = grpc.server(ThreadPoolExecutor(_WORKERS), options=limits)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port
