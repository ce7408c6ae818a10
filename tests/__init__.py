"""Tests of twisted_lab."""

import os

os.environ["LANGUAGE"] = "en"  # The tests compare English messages, whatever the locale is.
