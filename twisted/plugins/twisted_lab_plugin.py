from twisted.application.service import ServiceMaker

netlab = ServiceMaker(
    "twisted_lab",
    "twisted_lab.services.netlab",
    "All services of the lab in one process.",
    "netlab",
)

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

netlab_ident = ServiceMaker(
    "twisted_lab ident",
    "twisted_lab.services.ident",
    "Greet peers by name, known by IP address, over TCP.",
    "netlab-ident",
)

netlab_auth = ServiceMaker(
    "twisted_lab auth",
    "twisted_lab.services.auth",
    "Log peers in by password or token, over TCP.",
    "netlab-auth",
)

netlab_chat = ServiceMaker(
    "twisted_lab chat",
    "twisted_lab.services.chat",
    "A chat room over UDP that loses nothing, and over TCP.",
    "netlab-chat",
)
