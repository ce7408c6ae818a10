"""``python -m twisted_lab.accounts``: for the person who runs the services, also while they run."""

from __future__ import annotations

import asyncio
