"""What the bench counts."""

from benchmarks.__main__ import sessions
from tests.rehearsal.progress import Step


def test_a_session_counts_for_the_node_it_goes_to_and_what_is_for_all_goes_to_the_first() -> None:
    names = ["fdb-find", "fdb-install-mx1", "fdb-install-mx2", "fdb-seed", "directory-apply", "signing"]
    work = [Step(name, "command:remote:Command", "create", 0) for name in names]
    assert sessions(work) == 5
