"""Where the database is: asked of all hosts at once, and never guessed; and who is asked to let a node leave."""

from .conftest import Sandbox

LIVE = "mail:bbbb@10.0.0.2:4500,10.0.0.3:4500,10.0.0.4:4500"
OLD = "mail:aaaa@10.0.0.1:4500"
KEYS = {"SSH_PRIVATE_KEY": "KEY", "SSH_BASTION": "", "SSH_BASTION_HOST_KEY": ""}
TARGETS = "\n".join(f"mx{index} root 10.0.0.{index} 22 ssh-ed25519 AAAA" for index in (1, 2, 3))
FIND = {"TARGETS": TARGETS, "MACHINES": "1\n2\n3", "PATIENCE_SECONDS": "1", **KEYS}
LEAVE = {"NODE": "mx4", "TARGETS": TARGETS, "HAD_ONE": "yes", "LEAVE": "echo leaving", **KEYS}


def hosts(sandbox: Sandbox, **answers: str) -> None:
    """What SSH to each host gives: an answer, or nothing where it cannot be reached."""
    cases = "\n".join(f"*@10.0.0.{name[2:]}\\ *) echo '{answer}'; exit 0 ;;" for name, answer in answers.items())
    sandbox.program("ssh", f'case "$* " in\n{cases}\nesac\necho "no route to host" >&2\nexit 255')


def test_where_every_host_is_new_nothing_is_found(sandbox: Sandbox) -> None:
    hosts(sandbox, mx1="fresh", mx2="fresh", mx3="fresh")
    done = sandbox.run("local/find_database.sh", **FIND)
    assert (done.code, done.out) == (0, "")


def test_what_the_database_says_now_counts_and_not_an_older_file(sandbox: Sandbox) -> None:
    hosts(sandbox, mx1=f"file {OLD}", mx2=f"live {LIVE}", mx3="fresh")
    assert sandbox.run("local/find_database.sh", **FIND).out == LIVE


def test_a_dead_host_holds_nobody_up_where_another_knows(sandbox: Sandbox) -> None:
    hosts(sandbox, mx2=f"live {LIVE}", mx3="fresh")
    done = sandbox.run("local/find_database.sh", **FIND)
    assert done.out == LIVE
    assert "mx1 cannot be reached; the others know the database" in done.err


def test_no_database_is_made_while_a_host_that_may_hold_it_is_silent(sandbox: Sandbox) -> None:
    hosts(sandbox, mx2="fresh", mx3="fresh")
    done = sandbox.run("local/find_database.sh", **FIND)
    assert (done.code, done.out) == (1, "")
    assert "no host that answers holds the database, and mx1 cannot be reached" in done.err


def test_the_key_is_in_no_argument(sandbox: Sandbox) -> None:
    hosts(sandbox, mx1="fresh", mx2="fresh", mx3="fresh")
    sandbox.run("local/find_database.sh", **{**FIND, "SSH_PRIVATE_KEY": "very-secret"})
    assert sandbox.calls("ssh")
    assert not [call for call in sandbox.calls("ssh") if "very-secret" in call]


def test_the_first_host_that_answers_lets_a_node_leave(sandbox: Sandbox) -> None:
    hosts(sandbox, mx2="", mx3="")
    done = sandbox.run("local/leave.sh", **LEAVE)
    assert done.code == 0, done.err
    assert "mx1 does not answer, asking the next" in done.err
    asked = [call for call in sandbox.calls("ssh") if call.endswith("bash -s")]
    assert len(asked) == 1
    assert "root@10.0.0.2" in asked[0]


def test_a_node_keeps_its_machine_when_nobody_can_say_whether_it_can_be_spared(sandbox: Sandbox) -> None:
    hosts(sandbox)
    done = sandbox.run("local/leave.sh", **LEAVE)
    assert done.code == 1
    assert "not known whether the database can do without mx4" in done.err


def test_in_a_new_stack_nobody_is_asked(sandbox: Sandbox) -> None:
    hosts(sandbox)
    assert sandbox.run("local/leave.sh", **{**LEAVE, "HAD_ONE": ""}).code == 0
    assert not sandbox.calls("ssh")
