"""Requirements of the task ``netlab-chat``."""

from __future__ import annotations

from twisted_lab.check.profiles.netlab.requirements.section import Section
from twisted_lab.text.language import N_

_ROOM = Section("The room", "nc {host} {port}")
_PLAIN = Section("Plain datagrams", "nc -u {host} {port}")
_BY_NAME = Section("Joining by name", "nc -u {host} {port}")
_PACKETS = Section(
    "Reliable packets", "python -m twisted_lab.client chat --host {host} --port {port}"
)
_BACK = Section("Coming back", "nc {host} {port}")

REQUIREMENTS = (
    _ROOM.must("NC-1", N_("By TCP, a new member is welcomed, and told who is here.")),
    _ROOM.must("NC-2", N_("Every framing has the same conversation."), "NC-1"),
    _ROOM.must("NC-3", N_("All members get each text, with its sender, in one order."), "NC-1"),
    _ROOM.must("NC-4", N_("The others are told of a member that joins or leaves."), "NC-1"),
    _ROOM.must("NC-5", N_("Before it joins, a peer is told how to."), "NC-1"),
    _ROOM.should("NC-6", N_("A bad or taken name is refused, and the peer may try again."), "NC-1"),
    _ROOM.should("NC-7", N_("/msg reaches one member alone."), "NC-3"),
    _ROOM.should("NC-8", N_("/who lists the members, and /nick changes a name."), "NC-3"),
    _ROOM.should("NC-9", N_("/history sends the last messages."), "NC-3"),
    _ROOM.should("NC-10", N_("/help explains each command; other ones are errors."), "NC-1"),
    _ROOM.should("NC-11", N_("/leave and exit end the conversation."), "NC-1"),
    _ROOM.should("NC-12", N_("Control characters and escape sequences are removed."), "NC-3"),
    _ROOM.should("NC-13", N_("More than 10 messages at once mute their sender."), "NC-1"),
    _ROOM.should("NC-14", N_("A silent member is removed, and the others are told."), "NC-4"),
    _PLAIN.must("NC-15", N_("A plain client joins with its cookie, and hears the others."), "NC-3"),
    _PLAIN.must("NC-16", N_("A stranger gets at most one short answer to each datagram."), "NC-15"),
    _PLAIN.should("NC-17", N_("A datagram with several lines is several messages."), "NC-15"),
    _PLAIN.should("NC-18", N_("A long message is split, and its parts are marked."), "NC-15"),
    _BY_NAME.should("NC-19", N_("With --join-by-name, NAME: TEXT joins, and says TEXT."), "NC-15"),
    _PACKETS.must("NC-20", N_("Hello gets a cookie, and open with it a welcome."), "NC-1"),
    _PACKETS.must("NC-21", N_("A message in data packets is acknowledged and answered."), "NC-20"),
    _PACKETS.should("NC-22", N_("A packet with a wrong seal gets no answer."), "NC-20"),
    _PACKETS.should("NC-23", N_("Lost and repeated packets change nothing."), "NC-21"),
    _BACK.must("NC-24", N_("A client with a secret gets an answer to each count."), "NC-3"),
    _BACK.must("NC-25", N_("It comes back, and gets once what it has missed."), "NC-24"),
)
