"""netlab-chat, which sends the control sequences of a member to the others."""

from mutant import run

from twisted_lab.rooms import room

room.plain = str.strip
run("chat")
