"""LN-10: one client."""

import common

common.converse(common.listen().accept()[0], common.serve)
