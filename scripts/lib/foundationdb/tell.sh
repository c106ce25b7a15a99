# shellcheck shell=bash
# What a host says of the database it holds. This function's text is what runs on the host, alone.

# tell_database: `live STRING` by a host whose database answers, `file STRING` by one that holds data and has no answer,
# `fresh` by one that never was part of a database.
tell_database() {
  local file=/etc/foundationdb/fdb.cluster string
  if [[ ! -s "$file" || -z "$(find /var/lib/foundationdb/data -mindepth 2 \( -name 'storage-*' -o -name 'log2-*' \) -print -quit 2>/dev/null)" ]]; then
    echo fresh
    return 0
  fi
  string=$(timeout 20 fdbcli -C "$file" --no-status --timeout 15 --exec 'status json' 2>/dev/null |
    sed -n 's/.*"connection_string" *: *"\([^"]*\)".*/\1/p' | awk 'NR == 1')
  if [[ -n "$string" ]]; then echo "live $string"; else echo "file $(grep -v '^[[:space:]]*\(#\|$\)' "$file" | awk 'NR == 1')"; fi
}
