"""AU-2: bytes are compared with text, so the right password is refused."""

import common


def fits(password, entry):
    salt, digest = entry.split("$")
    return common.derived(password, bytes.fromhex(salt)) == digest


common.fits = fits
common.run()
