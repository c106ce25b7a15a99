"""Every tier of tests, and the stand-ins and the rehearsal they use."""
