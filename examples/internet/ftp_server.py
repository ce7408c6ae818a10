"""An FTP server with Twisted: clients log in as anonymous, and read the files of a folder.

`twistd ftp` serves the same, but to other machines, too. This one accepts connections from this
machine only.
"""

import sys
from pathlib import Path

from twisted.cred.checkers import AllowAnonymousAccess
from twisted.cred.portal import Portal
from twisted.internet import reactor
from twisted.internet.error import CannotListenError
from twisted.protocols.ftp import FTPFactory, FTPRealm


def main(folder: str, port: int) -> None:
    """Serve until Ctrl-C."""
    if not Path(folder).is_dir():
        sys.exit(f"there is no folder {folder}")
    factory = FTPFactory(Portal(FTPRealm(folder), [AllowAnonymousAccess()]))
    try:
        reactor.listenTCP(port, factory, interface="127.0.0.1")
    except CannotListenError as error:
        sys.exit(str(error))
    print(f"listening on 127.0.0.1:{port}")
    reactor.run()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: ftp_server.py FOLDER")
    main(sys.argv[1], 2121)
