"""An engine on the port of an earlier one is spoken to by a connection of its own."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime import _grpc_settings
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import Settings

from tests.rehearsal import workspace
from tests.standins.providers import connections


class Engine(grpc.GenericRpcHandler):
    """An engine that answers."""

    def service(self, handler_call_details: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(lambda request, context: Empty().SerializeToString())


def started(port: int = 0) -> tuple[grpc.Server, int]:
    server = grpc.server(ThreadPoolExecutor(1), handlers=[Engine()])
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, port


def client(port: int) -> Any:
    """What the SDK speaks to an engine with."""
    return Settings("project", "stack", engine=f"127.0.0.1:{port}").engine


def answer(engine: Any) -> grpc.StatusCode:
    try:
        engine.GetRootResource(engine_pb2.GetRootResourceRequest())
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def answer_of_a_later_one() -> grpc.StatusCode:
    """What an engine is answered with that gets the port of an earlier one, to which a client still talks."""
    server, port = started()
    earlier = client(port)
    assert answer(earlier) is grpc.StatusCode.OK
    server.stop(grace=None).wait()
    until = time.monotonic() + 10
    while answer(earlier) is grpc.StatusCode.OK and time.monotonic() < until:
        pass
    assert answer(earlier) is grpc.StatusCode.UNAVAILABLE
    server, _ = started(port)
    try:
        return answer(client(port))
    finally:
        server.stop(grace=None)


def test_an_engine_on_the_port_of_an_earlier_one_is_reached() -> None:
    assert connections.OWN in _grpc_settings._GRPC_CHANNEL_OPTIONS, f"{workspace.__name__} asks for it"
    assert answer_of_a_later_one() is grpc.StatusCode.OK


def test_the_sdk_alone_would_not_reach_it() -> None:
    _grpc_settings._GRPC_CHANNEL_OPTIONS.remove(connections.OWN)
    try:
        assert answer_of_a_later_one() is grpc.StatusCode.UNAVAILABLE
    finally:
        connections.separate()
