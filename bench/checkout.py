"""twistd with the twisted_lab of one checkout, whatever is installed.

    python bench/checkout.py CHECKOUT [arguments of twistd]

The installation is editable, so this repository is on the path of every child process. It is
removed from there, so that its plugins are not found beside those of CHECKOUT.
"""

from __future__ import annotations

import sys
from pathlib import Path

from twisted.scripts.twistd import run


def main() -> None:
    """Run twistd."""
    checkout = sys.argv.pop(1)
    others = [place for place in sys.path[1:] if not Path(place, "twisted_lab").exists()]
    sys.path[:] = [checkout, *others]
    import twisted_lab

    assert Path(twisted_lab.__file__).is_relative_to(checkout), twisted_lab.__file__
    run()


if __name__ == "__main__":
    main()
