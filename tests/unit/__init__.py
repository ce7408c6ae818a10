import signal
import sys
from pathlib import Path

from hypothesis import settings

if Path(sys.argv[0]).name == "trial":
    # Trial counts an interrupt as an error of one test, and runs on.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

# The same inputs in each run, and no clock: a slow machine is no failure. `make fuzz` has new ones.
settings.register_profile("lab", deadline=None, derandomize=True)
settings.load_profile("lab")
