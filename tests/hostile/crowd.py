"""Peers that an attack disturbs, in separate processes.

    python -m tests.hostile.crowd upstream
    python -m tests.hostile.crowd members BROADCAST CHAT CHAT-TCP COUNT
    python -m tests.hostile.crowd neighbour ECHO IDENT PID
    python -m tests.hostile.crowd yardstick

The server behind the proxies prints its TCP and UDP ports, and sends back what it receives until
standard input ends. Members join, print "ready", and read until standard input ends. A neighbour
talks all the time. For each line of input it prints the number of echoes since the last line, the
longest time of one in seconds, and the same for greetings by name. A yardstick repeats the same
computation, and for each line of input prints the mean CPU time of one since the last line, in
seconds.
"""

from __future__ import annotations

import selectors
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

HERE = "127.0.0.1"
NEIGHBOUR = "127.0.0.9"
GREETING = b"Hello, neighbour\n"
# Members have this many addresses, because of the limits per address.
ADDRESSES = 250
PAUSE = 0.002  # seconds between two echoes
LOOKUP_PAUSE = 0.05  # seconds between two greetings
YARDSTICK_PAUSE = 0.1  # seconds between two computations
PATIENCE = 60.0  # seconds after which an answer counts as missing
# Members read at intervals, because the neighbour needs the processor, too.
READ_PAUSE = 0.005


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with suppress(OSError):
            while data := self.request.recv(65536):
                self.request.sendall(data)


class _EchoServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 1000


def upstream() -> None:
    """Serve echo by TCP and UDP."""
    own = socket.socket(type=socket.SOCK_DGRAM)
    own.bind((HERE, 0))

    def repeat() -> None:
        while True:
            with suppress(OSError):  # an ICMP error about a client that has left
                own.sendto(*own.recvfrom(65536))

    server = _EchoServer((HERE, 0), _Echo)
    for target in (server.serve_forever, repeat):
        threading.Thread(target=target, daemon=True).start()
    print(server.server_address[1], own.getsockname()[1], flush=True)
    sys.stdin.read()


def address(number: int) -> str:
    """Return the address of one member."""
    return f"127.0.1.{1 + number % ADDRESSES}"


def connect(port: int, host: str) -> socket.socket:
    """Connect from the address `host`."""
    return socket.create_connection((HERE, port), PATIENCE, (host, 0))


def plain_socket(port: int, host: str) -> socket.socket:
    """Return a UDP socket at the address `host`, connected to the server."""
    plain = socket.socket(type=socket.SOCK_DGRAM)
    plain.bind((host, 0))
    plain.connect((HERE, port))
    plain.settimeout(PATIENCE)
    return plain


def join(plain: socket.socket, name: str) -> bool:
    """Join the chat, and return whether it admits this member."""
    plain.send(f"/join {name}".encode())
    while not (answer := plain.recv(2048)).startswith(b"/join"):
        pass
    plain.send(answer)
    while not (answer := plain.recv(2048)).startswith((b"* welcome", b"error:")):
        pass
    return not answer.startswith(b"error:")


def members(broadcast: int, chat: int, chat_tcp: int, count: int) -> None:
    """Run `count` listeners of the broadcast and as many members of the chat, half by TCP."""
    selector = selectors.EpollSelector()
    deaf: list[socket.socket] = []
    for number in range(count):
        host = address(number)
        streams = [connect(broadcast, host)]
        if number % 2:
            streams.append(connect(chat_tcp, host))
            streams[-1].sendall(b"/join m%d\n" % number)
        else:
            # This socket is never read: its full buffer drops datagrams at no cost.
            plain = plain_socket(chat, host)
            assert join(plain, f"m{number}"), "the chat refuses a member of the crowd"
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.append(plain)
        for stream in streams:
            stream.setblocking(False)
            selector.register(stream, selectors.EVENT_READ)
        _drain(selector, 0)
    print("ready", flush=True)
    selector.register(sys.stdin, selectors.EVENT_READ)
    while _drain(selector, None):
        time.sleep(READ_PAUSE)


_BUFFER = bytearray(262_144)


def _drain(selector: selectors.BaseSelector, timeout: float | None) -> bool:
    """Read the received bytes; return whether standard input is open."""
    for key, _ in selector.select(timeout):
        if not isinstance(key.fileobj, socket.socket):
            return False
        try:
            is_open = key.fileobj.recv_into(_BUFFER) > 0
        except BlockingIOError:
            continue
        except OSError:
            is_open = False
        if not is_open:
            selector.unregister(key.fileobj)
    return True


def waited(thread: str) -> float:
    """Return the seconds that a thread has waited for a processor (proc(5), schedstat)."""
    return int(Path(f"/proc/{thread}/schedstat").read_text().split()[1]) / 1e9


class Talk(threading.Thread):
    """Repeats a request, and records the longest time of an answer.

    The time during which the server or this thread waited for a processor does not count.

    Args:
        once: Sends the request, and waits for the answer.
        pause: Seconds between an answer and the next request.
        server: The server's process id.
    """

    def __init__(self, once: Callable[[], object], pause: float, server: int) -> None:
        super().__init__(daemon=True)
        self._once = once
        self._pause = pause
        self._server = f"{server}/task/{server}"
        self._lock = threading.Lock()
        self._count, self._longest = 0, 0.0

    def _waited(self) -> float:
        return waited(self._server) + waited("thread-self")

    def run(self) -> None:
        """See `Thread`."""
        while True:
            before = self._waited()
            begun = time.monotonic()
            self._once()
            took = time.monotonic() - begun - self._waited() + before
            with self._lock:
                self._longest = max(self._longest, took)
                self._count += 1
            time.sleep(self._pause)

    def report(self) -> tuple[int, float]:
        """Return the number of answers and the longest time since the last report."""
        with self._lock:
            answer = self._count, self._longest
            self._count, self._longest = 0, 0.0
        return answer


def neighbour(echo: int, ident: int, server: int) -> None:
    """Talk to echo and ident, and report on each line of input."""
    connection = connect(echo, NEIGHBOUR)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ping() -> None:
        connection.send(b"x")
        connection.recv(1)

    def greet() -> None:
        with connect(ident, NEIGHBOUR) as guest:
            if guest.recv(100).startswith(b"What"):
                guest.send(b"neighbour\n")
                guest.recv(100)  # GREETING

    talks = [Talk(ping, PAUSE, server), Talk(greet, LOOKUP_PAUSE, server)]
    for talk in talks:
        talk.start()
    for _ in sys.stdin:
        print(*(number for talk in talks for number in talk.report()), flush=True)


def compute() -> float:
    """Return the CPU time of a fixed computation on lines, in seconds."""
    begun = time.thread_time()
    for number in range(20):
        lines = {f"peer {peer}: {peer * number}\n".encode(): peer for peer in range(300)}
        b"".join(sorted(lines)).split(b"\n")
    return time.thread_time() - begun


def yardstick() -> None:
    """Compute 10 times a second, and report on each line of input."""
    times: list[float] = []

    def repeat() -> None:
        while True:
            times.append(compute())
            time.sleep(YARDSTICK_PAUSE)

    threading.Thread(target=repeat, daemon=True).start()
    for _ in sys.stdin:
        recent = times.copy() or [compute()]
        times.clear()
        print(sum(recent) / len(recent), flush=True)


def main() -> None:
    """Run a server, members, a neighbour, or a yardstick."""
    who, *numbers = sys.argv[1:]
    roles: dict[str, Callable[..., None]] = {
        "upstream": upstream,
        "members": members,
        "neighbour": neighbour,
        "yardstick": yardstick,
    }
    roles[who](*map(int, numbers))


if __name__ == "__main__":
    main()
