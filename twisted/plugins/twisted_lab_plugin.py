from twisted.application.service import ServiceMaker

netlab_echo = ServiceMaker(
    "twisted_lab echo",
    "twisted_lab.services.echo",
    "Send back what comes, over TCP.",
    "netlab-echo",
)
