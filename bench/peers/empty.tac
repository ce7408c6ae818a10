"""An empty service, for `twistd -n -y`: it says when the reactor runs, and does nothing else."""

from twisted.application.service import Application, Service
from twisted.internet import reactor

application = Application("empty")
Service().setServiceParent(application)
reactor.callWhenRunning(print, "listening on nothing:0", flush=True)
