"""What a person is told before anything happens: warnings about the plan, what it survives, what it costs."""

import pulumi

from components.advice import advice, promise
from components.cost.estimate import estimate
from components.settings import Settings
from components.topology import Plan


def tell(settings: Settings, plan: Plan) -> None:
    """Say it, in every preview and every run."""
    for warning in advice(settings, plan, pulumi.get_stack()):
        pulumi.warn(warning)
    pulumi.info(f"Plan: {promise(plan)}.")
    if cost := estimate(settings, plan):
        pulumi.info(f"Cost: {cost}")
