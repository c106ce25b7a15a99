"""Connections to engines that belong to one channel each.

In one process gRPC shares the connection of all channels to one address. An engine that ends leaves such a connection
in its time of waiting before the next try; the engine of a later test that gets the same free port would be answered
for by it, "connection refused", a moment after it has started. `pulumi` itself runs one program in one process and
needs none of this.
"""

from pulumi.runtime import _grpc_settings

OWN = ("grpc.use_local_subchannel_pool", 1)


def separate() -> None:
    """Let each channel that the SDK opens from now on in this process have connections of its own."""
    options = _grpc_settings._GRPC_CHANNEL_OPTIONS  # the SDK offers no other way
    if OWN not in options:
        options.append(OWN)  # the list itself: the SDK's modules have imported it already
