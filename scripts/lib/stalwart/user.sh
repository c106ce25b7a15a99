# shellcheck shell=bash
# The user that the mail server runs as.

make_user() {
  id stalwart >/dev/null 2>&1 ||
    adduser --quiet --system --group --no-create-home --home /var/lib/stalwart stalwart >&2
}
