"""How anything is done on a machine: a host, a script as a value, one script on one host as one resource."""
