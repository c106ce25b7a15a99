"""The step that brings accounts, groups and lists to what the stack file says, on a cluster that serves."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_random as random
from pulumi_command import remote

from components.accounts import passwords, wish
from components.directory.directory import Directory
from components.remote.host import Host
from components.remote.step import facts, run_script
from components.settings import AccountSettings, Settings
from components.stalwart.cluster import Stalwart
from components.stalwart.wish import admin_login
from components.topology import Plan

_SEED_LENGTH = 64


@dataclass(frozen=True, kw_only=True)
class AccountsArgs:
    """`mail` is the cluster that holds them, `directory` has their domains."""

    settings: Settings
    plan: Plan
    hosts: Mapping[str, Host]
    mail: Stalwart
    directory: Directory


class Accounts(pulumi.ComponentResource):
    """They are made once and changed in place. Nobody's mail is ever removed, nobody's own password ever replaced."""

    step: remote.Command
    """After this, every account, group and list is there."""

    document: str
    """What there shall be, for the scripts."""

    logins: pulumi.Output[dict[str, str]]
    """Login -> first password, of those that the stack made a password for. Secret."""

    def __init__(self, name: str, args: AccountsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:accounts:Accounts", name, None, opts)
        self.document = wish.document(args.settings)
        # There even without accounts: one that comes back finds its password again.
        seed = random.RandomPassword(
            f"{name}-seed", length=_SEED_LENGTH, special=False, opts=pulumi.ResourceOptions(parent=self)
        ).result
        accounts = args.settings.accounts
        self.step = run_script(
            f"{name}-apply",
            args.hosts[args.plan.first_mail_node.name],
            "accounts/apply.py",
            {
                "ADMIN_LOGIN": admin_login(args.settings),
                "ACCOUNTS": self.document,
                "HASHES": pulumi.Output.secret(seed.apply(lambda found: _hashes(found, accounts))),
                "ADMIN_PASSWORD": args.mail.admin_password,
            },
            parent=self,
            after=[args.directory.step],
        )
        self.logins = pulumi.Output.secret(
            pulumi.Output.all(seed, facts(self.step)["made"]).apply(lambda known: _logins(known[0], known[1], accounts))
        )
        self.register_outputs({"logins": self.logins})


def _hashes(seed: str, accounts: Mapping[str, AccountSettings]) -> str:
    """JSON, address -> hash of its password."""
    found = {
        address: section.password_hash or passwords.hashed(seed, address, section.password)
        for address, section in accounts.items()
    }
    return json.dumps(found, sort_keys=True)


def _logins(seed: str, made: list[str], accounts: Mapping[str, AccountSettings]) -> dict[str, str]:
    ours = frozenset(made)
    return {
        address: passwords.password(seed, address, section.password)
        for address, section in accounts.items()
        if address in ours and not section.password_hash
    }
