"""What all scripts share: files written whole, waits that end and name their condition, errors for people."""

from .conftest import Sandbox


def with_common(body: str) -> str:
    from components.remote.script import SCRIPTS  # noqa: PLC0415  # here only

    return f"{{\nNODE=mx1\n{(SCRIPTS / 'lib/common.sh').read_text()}\n{body}\n}} </dev/null\n"


def test_a_file_is_written_once_and_left_alone_when_it_is_right(sandbox: Sandbox) -> None:
    body = 'CHANGED=0; put /etc/thing 0640 root:root <<<"text"; echo "$CHANGED"'
    assert sandbox.bash(with_common(body)).out == "1\n"
    before = sandbox.written()
    assert sandbox.bash(with_common(body)).out == "0\n"
    assert sandbox.written() == before
    assert sandbox.file("/etc/thing").stat().st_mode & 0o777 == 0o640


def test_a_file_with_other_rights_gets_its_own_back_and_is_not_written(sandbox: Sandbox) -> None:
    sandbox.file("/etc/thing", "text\n").chmod(0o666)
    written = sandbox.file("/etc/thing").stat().st_mtime_ns
    done = sandbox.bash(with_common('CHANGED=0; put /etc/thing 0640 root:root <<<"text"; echo "$CHANGED"'))
    assert done.out == "0\n"
    assert sandbox.file("/etc/thing").stat().st_mtime_ns == written
    assert sandbox.file("/etc/thing").stat().st_mode & 0o777 == 0o640


def test_a_write_that_fails_leaves_the_old_file(sandbox: Sandbox) -> None:
    sandbox.file("/etc/thing", "old\n")
    done = sandbox.bash(with_common("put /etc/thing 0640 nobody-there:root <<<new"))
    assert done.code != 0
    assert sandbox.file("/etc/thing").read_text() == "old\n"


def test_a_wait_ends_and_names_its_condition_and_what_to_do(sandbox: Sandbox) -> None:
    done = sandbox.bash(with_common('wait_for 1 "the moon to rise" false'))
    assert done.code == 1
    assert "mx1: waiting for the moon to rise (at most 1 s)" in done.err
    assert "error: gave up waiting for the moon to rise after 1 s" in done.err
    assert "what to do: run the same command again" in done.err


def test_a_wait_whose_condition_holds_says_nothing(sandbox: Sandbox) -> None:
    done = sandbox.bash(with_common('wait_for 1 "nothing" true'))
    assert (done.code, done.out, done.err) == (0, "", "")


def test_what_fails_for_a_passing_reason_is_tried_again(sandbox: Sandbox) -> None:
    body = "n=0; flaky() { n=$((n + 1)); ((n >= 3)); }; retry 3 0 flaky; echo $n"
    assert sandbox.bash(with_common(body)).out == "3\n"
    assert sandbox.bash(with_common("retry 2 0 false")).code == 1
