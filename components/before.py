"""What this very stack exported when it was last up."""

from collections.abc import Mapping
from typing import Any

import pulumi


def exported() -> Mapping[str, Any]:
    """Key -> value of each output; none in a stack that is new.

    Asked of the engine without a resource: a reference of a stack to itself leaves a state that cannot be read again.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    found = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": stack}).value or {}
    return dict(found.get("outputs") or {})
