"""The process that stands beside the checked programs, inside of their sandbox.

It is started without site packages and without Twisted, so it needs only 20 ms. Its modules import
each other by relative names, because they run as the package `agent`, outside of `twisted_lab`,
whose import would load Twisted.
"""
