"""A node that does not send, on real hosts: its mail comes to the world from the others, never from itself."""

import pytest

from .conftest import Lab, Labs
from .test_verify import verified

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

OUT = "stalwart-egress"


@pytest.fixture(scope="module")
def lab(labs: Labs) -> Lab:
    """The cluster, up and proved; mail is handed in on all three nodes."""
    made = labs.new(
        "tq",
        platform="lab",
        nodes={"mx1": {"sends": False}, "mx2": {}, "mx3": {}},
        domains={"dev.test": {}},
        mail={"submission": True},
        lab={"network": "10.90.0.0/24"},
    )
    made.up()
    return made


def test_all_mail_arrives_and_comes_from_those_that_send(lab: Lab) -> None:
    code, checks = verified(lab)
    wrong = {name: check["detail"] for name, check in checks.items() if check["result"] != "right"}
    assert (code, wrong) == (0, {})
    seen = checks["outgoing-names"]["detail"]
    assert f"{lab.address('mx1')} is" not in seen
    assert f"{lab.address('mx2')} is out.mail.dev.test" in seen
    assert f"{lab.address('mx3')} is out.mail.dev.test" in seen


def test_after_a_reboot_and_with_one_of_the_others_it_is_the_same(lab: Lab) -> None:
    lab.by_hand("kill", "mx1")
    lab.by_hand("start")
    answers = "until (exec 3<>/dev/tcp/127.0.0.1/465) 2>/dev/null; do sleep 0.5; done"
    lab.ssh("mx1", f"timeout 120 bash -c '{answers}'", seconds=130)
    lab.ssh("mx3", f"systemctl stop {OUT}-gateway")
    _, checks = verified(lab)
    assert checks["outgoing"]["result"] == "right"
    assert f"{lab.address('mx1')} is" not in checks["outgoing-names"]["detail"]
    lab.ssh("mx3", f"systemctl start {OUT}-gateway")


def test_another_firewall_leaves_the_rule_in_place(lab: Lab) -> None:
    for what in ("start", "reload", "restart", "stop"):
        lab.ssh("mx1", f"systemctl {what} nftables")
        assert "redirect to :7525" in lab.ssh("mx1", "nft list table inet stalwart_egress"), what


def test_a_node_that_sends_again_does_it_itself_and_nothing_of_the_other_way_stays(lab: Lab) -> None:
    lab.config["stalwart-cluster:nodes"] = {"mx1": {}, "mx2": {}, "mx3": {}}
    lab.up()
    for node in ("mx1", "mx2", "mx3"):
        assert not lab.ssh(node, f"systemctl list-unit-files --no-legend '{OUT}*' || true").strip()
        assert "7525" not in lab.ssh(node, "ss -Hltn; nft list ruleset 2>/dev/null || true")
    code, checks = verified(lab)
    assert code == 0
    assert f"{lab.address('mx1')} is out.mail.dev.test" in checks["outgoing-names"]["detail"]
