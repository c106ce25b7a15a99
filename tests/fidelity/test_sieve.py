"""Scripts in the mail server stand-in: what they do with a mail, and which are not taken."""

from email.message import EmailMessage

import pytest

from tests.standins.stalwart.sieve.language import Wrong, compiled, filed


def mail(subject: str = "Invoice 7", sender: str = "Bob <bob@example.net>") -> EmailMessage:
    made = EmailMessage()
    made["Subject"], made["From"] = subject, sender
    return made


@pytest.mark.parametrize(
    ("script", "folders", "keep"),
    [
        ("", [], True),
        ("discard;", [], False),
        ('require "fileinto"; fileinto "Bills";', [("Bills", False)], False),
        ('require "fileinto"; fileinto "Bills"; keep;', [("Bills", False)], True),
        ('require ["fileinto", "mailbox"]; fileinto :create "Bills";', [("Bills", True)], False),
        ('if header :contains "Subject" "invoice" { discard; } else { keep; }', [], False),
        ('if header :is "subject" "invoice" { discard; }', [], True),
        ('if address :is "From" ["eve@example.net", "bob@example.net"] { discard; }', [], False),
        ('if allof (exists "From", not header :contains "Subject" "Bill") { stop; } discard;', [], True),
        ('if anyof (false, header :is "Subject" "Invoice 7") { keep; } elsif true { discard; }', [], True),
        ("if false { keep; } elsif true { discard; } # the rest\n/* of it */", [], False),
    ],
)
def test_a_script_says_where_a_mail_goes(script: str, folders: list[tuple[str, bool]], keep: object) -> None:
    found = filed(compiled(script), mail())
    assert (found.folders, found.keep) == (folders, keep)


@pytest.mark.parametrize(
    "script",
    [
        'fileinto "Bills";',
        'require "fileinto"; fileinto :create "Bills";',
        'require "vacation";',
        "keep",
        "if true { keep;",
        'if header :matches "Subject" "*" { keep; }',
        'redirect "eve@example.net";',
        "keep; $",
    ],
)
def test_a_script_that_says_more_is_not_taken(script: str) -> None:
    with pytest.raises(Wrong):
        compiled(script)
