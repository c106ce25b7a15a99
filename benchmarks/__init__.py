"""`make bench`: how long, how much, and where it goes. Not part of the timed tests."""

import sys
from pathlib import Path

# Labs are made by the tests' own means, which use the scripts' libraries from where those lie.
sys.path.append(str(Path(__file__).parents[1] / "scripts"))
