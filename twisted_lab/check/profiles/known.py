"""The profiles that can be named on the command line."""

from __future__ import annotations

from twisted_lab.check.profiles import netlab
from twisted_lab.check.profiles.profile import Profile

PROFILES: dict[str, Profile] = {"netlab": netlab.PROFILE}
