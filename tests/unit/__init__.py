import signal
import sys
from pathlib import Path

from hypothesis import settings

if Path(sys.argv[0]).name == "trial":
    # Trial counts an interrupt as an error of one test and continues.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

# Each run has the same inputs and no deadline, for slow machines. `make fuzz` tries new inputs.
settings.register_profile("twisted_lab", deadline=None, derandomize=True)
settings.load_profile("twisted_lab")
