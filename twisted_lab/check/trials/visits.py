"""People who visit a server that asks for names and passwords, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field

from twisted_lab.check.conversation.causes import likely_cause
from twisted_lab.check.conversation.login import Person, next_answer, shape
from twisted_lab.check.outcomes import Failed, NotChecked
from twisted_lab.check.prompts.question import Kind
from twisted_lab.check.subjects.program import SPIN_SECONDS, Program
from twisted_lab.check.subjects.server import StartedServer
from twisted_lab.check.trials.client import Client
from twisted_lab.check.trials.server_manners import Manners
from twisted_lab.check.trials.start_server import connect_client, start_server
from twisted_lab.check.trials.trial import Trial
from twisted_lab.text.language import _

MOST_ANSWERS = 8
_STOP_SECONDS = 2.0
_SAID_BYTES = 12
_MOST_BUSY = 0.25  # of one processor: a server that waits needs less
SECRETS = {Kind.PASSWORD, Kind.NAME_AND_PASSWORD}


@dataclass(slots=True)
class Visit:
    """One connection of a person.

    Attributes:
        client: The connection.
        person: The person.
        given: What the person has answered, in order.
        heard: What the server said before each answer, and after the last one.
        said: A text that was said after the answers; b"" for none.
        reply: What the server said to that text.
    """

    client: Client
    person: Person
    given: list[Kind] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    said: bytes = b""
    reply: bytes = b""

    @property
    def all_heard(self) -> bytes:
        """All that the server said."""
        return b"\n".join((*self.heard, self.reply))

    @property
    def after_password(self) -> bytes:
        """What the server said after the last password that it was given."""
        last = max((n for n, kind in enumerate(self.given) if kind in SECRETS), default=-1)
        return b"\n".join(self.heard[last + 1 :])

    @property
    def words(self) -> str:
        """What the server said after the password, without the person's own words."""
        return shape(self.after_password, (self.person.name, self.person.password))

    @property
    def service(self) -> str:
        """How the server replied to the text; "" if it did not."""
        values = (self.said.decode(), self.person.name, self.person.password)
        return shape(self.reply, values)

    @property
    def is_echo(self) -> bool:
        """Whether the reply has the text."""
        return "{a}" in self.service

    def hears(self, name: str) -> bool:
        """Return whether the server has said a name, in upper or lower case."""
        return name.casefold() in self.all_heard.decode(errors="replace").casefold()


class House:
    """A server, the sandbox with its files, and those who visit it.

    Args:
        trial: Notes what is done.
        manners: How the server is started, and how messages are put on the wire.

    Attributes:
        trial: The trial.
        server: The server.
        restarted: How often it had to be started again because it served nobody any more.
        ends: How it had ended by itself then.
        was_killed: Whether Ctrl-C did not stop it.
        spins: Whether it spun when a client had left.
        crashed: The program that first ended with a traceback during a visit, if one did.
        stopped: The program that Ctrl-C has stopped last, if one was.
    """

    server: StartedServer

    def __init__(self, trial: Trial, manners: Manners) -> None:
        self.restarted = 0
        self.ends: list[str] = []
        self.was_killed = False
        self.spins = False
        self.crashed: Program | None = None
        self.stopped: Program | None = None
        self.trial = trial
        self._manners = manners
        self._sandbox = trial.open_sandbox()

    @property
    def crash(self) -> str:
        """The last line of the traceback with which it ended during a visit; "" for none."""
        return self.crashed.traceback if self.crashed else ""

    async def open(self) -> None:
        """Start the server, for the first time or after `stop`.

        Raises:
            Failed: If it does not listen.
            NotChecked: If its port is still taken, which another task judges.
        """
        try:
            self.server = await start_server(self.trial, self._manners, sandbox=self._sandbox)
        except Failed as failure:
            if "in use" in failure.note:
                raise NotChecked(_("The port is still taken after the restart.")) from None
            raise

    async def stop(self) -> None:
        """Press Ctrl-C, and end the server by force if that does not stop it."""
        if self.server.program.has_ended:
            return
        self.trial.step(_("the server is stopped with Ctrl-C"))
        self.stopped = self.server.program
        if not await self.server.program.stop(_STOP_SECONDS):
            self.was_killed = True
            self.server.program.child.send_signal(9)
            program = self.server.program
            await self.trial.activity.until(lambda: program.has_ended, _STOP_SECONDS)

    async def restart(self) -> None:
        """Stop the server, and start it again with the files that it has written."""
        await self.stop()
        await self.open()

    async def run(self, *command: str) -> None:
        """Run a command in the folder of the server."""
        program = self.trial.start(self._sandbox, command)
        await self.trial.activity.until(lambda: program.has_ended, _STOP_SECONDS)

    def files(self) -> dict[str, bytes]:
        """Return the files that the server has written."""
        return self._sandbox.files()

    async def connect(self, number: int) -> Client:
        """Connect a client, and hear what the server says first.

        Args:
            number: The number of its address.

        Raises:
            Failed: If it is not accepted.
        """
        client = await connect_client(self.trial, self.server, self._manners, number)
        await client.settle()
        self._note_crash()
        if self.server.program.has_ended and not client.heard:
            note = _("The server ended when client {number} came.", number=number)
            raise Failed(note, likely_cause(self.server.program.traceback))
        return client

    async def come(self, number: int) -> Client:
        """Connect a client; a server that serves only one client is started again before.

        Raises:
            Failed: If it is not accepted by a fresh server, either.
        """
        self._note_crash()
        try:
            if not self.server.program.has_ended:
                client = await self.connect(number)
                if client.is_accepted or client.heard:
                    return client
                client.peer.close()
        except Failed:
            pass
        self.restarted += 1
        if self.server.program.has_ended:
            self.ends.append(self.server.program.end)
        await self.restart()
        return await self.connect(number)

    async def visit(
        self, number: int, person: Person, *, most: int = MOST_ANSWERS, says: bool = False
    ) -> Visit:
        """Have a person visit the server, and answer its questions.

        Args:
            number: The number of the address.
            person: The person.
            most: How many questions are answered.
            says: Whether a text is said after the answers.
        """
        visit = Visit(await self.come(number), person)
        await self.answer(visit, most)
        if says:
            await self.say(visit)
        self._note_crash()
        return visit

    def _note_crash(self) -> None:
        program = self.server.program
        if program.status and program.traceback:  # 0 after one that it has caught and shown
            self.crashed = self.crashed or program

    async def answer(self, visit: Visit, most: int = MOST_ANSWERS) -> None:
        """Answer the questions of the server."""
        client = visit.client
        while True:
            visit.heard.append(client.heard)
            answer = next_answer(client.heard, visit.person, visit.given)
            if answer is None or len(visit.given) >= most or client.peer.has_ended:
                return
            kind, text = answer
            visit.given.append(kind)
            client.say(text)
            await client.settle()

    async def say(self, visit: Visit) -> None:
        """Say a text that the server serves to those who are logged in."""
        if visit.client.peer.has_ended:
            return
        visit.said = self.trial.text(_SAID_BYTES)
        visit.client.say(visit.said)
        await visit.client.settle()
        visit.reply = visit.client.heard

    async def leave(self, *visits: Visit) -> None:
        """Have visitors leave in order."""
        for visit in visits:
            client = visit.client
            if client.peer.has_ended and not client.is_accepted:
                client.peer.reset()  # the server has closed: so its port does not stay taken
            elif self._manners.spins:
                await client.abort()
            elif not await client.leave():
                share = await self.server.program.busy_share(SPIN_SECONDS)
                self.spins |= share > _MOST_BUSY

    async def call(self, number: int, person: Person, *, says: bool = False) -> Visit:
        """Have a person visit the server, and leave."""
        visit = await self.visit(number, person, says=says)
        await self.leave(visit)
        return visit


async def opened(trial: Trial, manners: Manners) -> House:
    """Return a house whose server has started."""
    house = House(trial, manners)
    await house.open()
    return house


def new_person(trial: Trial, *, is_new: bool = True) -> Person:
    """Return a person whose name and password nobody knows by chance."""
    letters = "".join(trial.random.choices("abcdefghijkmnprstuvwxyz", k=6))
    secret = "".join(trial.random.choices("abcdefghijkmnprstuvwxyz", k=6))
    return Person(f"Anna{letters}", f"Str0ng-{secret}7", is_new)
