"""What a mail program asks by HTTPS to set itself up, of one node, under a name that leads to it."""

import http.client

from lib.mailbox import SECONDS, unchecked

Answer = tuple[int, dict[str, str], str]


def ask(node: str, name: str, path: str, body: str | None = None) -> Answer:
    """Status, headers in lower case and text of an answer. A redirection is not followed.

    Raises:
        OSError: no answer.
    """
    connection = http.client.HTTPSConnection(node, 443, timeout=SECONDS, context=unchecked())
    headers = {"Host": name} | ({"Content-Type": "text/xml"} if body else {})
    try:
        connection.request("POST" if body else "GET", path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, text
    except http.client.HTTPException as trouble:
        raise OSError(f"{name} is answered with {type(trouble).__name__}") from None
    finally:
        connection.close()
