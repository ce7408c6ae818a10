from twisted.application.service import ServiceMaker

netlab_echo = ServiceMaker(
    "twisted_lab echo",
    "twisted_lab.services.echo",
    "Send back what comes, over TCP.",
    "netlab-echo",
)

netlab_messages = ServiceMaker(
    "twisted_lab messages",
    "twisted_lab.services.messages",
    "Ask for numbered messages and repeat them, over TCP.",
    "netlab-messages",
)

netlab_broadcast = ServiceMaker(
    "twisted_lab broadcast",
    "twisted_lab.services.broadcast",
    "Say to everybody what anybody says, over TCP.",
    "netlab-broadcast",
)
