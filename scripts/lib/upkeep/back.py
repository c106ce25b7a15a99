"""After a reboot in turn: wait until this node serves again, then give the turn back."""

from lib.console import Failed, log, wait_for
from lib.foundationdb import fdbcli
from lib.foundationdb.status import not_up
from lib.turn import cluster, turn
from lib.turn.gate import silent_mail_nodes
from lib.upkeep import mark
from lib.upkeep.held import given_back, holds

DATABASE_SECONDS = 300
MAIL_SECONDS = 300


def back() -> None:
    """Wait for the database process and the mail server of this node, then let the next node go.

    Raises:
        Failed: names what is missing. The mark stays, so that it is tried again; meanwhile the claim keeps others from
            going, until it ends, and after that what is missing does.
    """
    here = cluster.read().nodes[turn.NODE]
    wait_for(DATABASE_SECONDS, "the database to be available", lambda: not not_up(fdbcli.status()), pause=1)
    if not holds():
        log("note: it took so long that the turn has ended")
        mark.remove()
        return
    turn.come_back()
    if here.mail:
        silence = ""

        def greets() -> bool:
            nonlocal silence
            silence = silent_mail_nodes({turn.NODE: here.address})[turn.NODE]
            return not silence

        try:
            wait_for(MAIL_SECONDS, "the mail server to greet", greets, pause=1)
        except Failed as failure:
            raise Failed(f"{failure}: {silence}", "journalctl -u stalwart says why") from None
    if not given_back():
        log("note: the turn has ended, or another run here has taken it over")
    mark.remove()
    log("back after the reboot")
