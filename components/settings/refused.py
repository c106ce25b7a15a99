"""How a stack file is refused: with all that is wrong with it, before anything is touched."""

from collections.abc import Iterable

import pulumi

from components.settings.mistakes import Mistake


def refused(mistakes: Iterable[Mistake]) -> pulumi.RunError:
    """What ends the run: one sentence per mistake, by their keys as `pulumi config set --path` takes them."""
    head = f"Pulumi.{pulumi.get_stack()}.yaml cannot be used. Nothing was touched. To mend:"
    return pulumi.RunError("\n".join([head, *(f"  {pulumi.get_project()}:{one}" for one in sorted({*mistakes}))]))
