"""What a chat room says itself, in the user's language.

The server says it in English. A line that is not known here, such as one of a later version, stays
as it is, and so does what members say.
"""

from __future__ import annotations

from twisted_lab.client.known_lines import KnownLines
from twisted_lab.disconnects import Disconnect
from twisted_lab.text.language import N_

_LINES = [
    N_("* welcome, {name}; /help lists what you can do"),
    N_("* here: {names}, and {n} more"),
    N_("* here: {names}"),
    N_("* you are here already, as {name}"),
    N_("* you are called {name} already"),
    N_("* {name} has joined"),
    N_("* {name} has left"),
    N_("* {name} has gone silent"),
    N_("* {name} is now called {new}"),
    N_("* {problem}; joining in {n} s"),
    N_("/msg NAME TEXT says it to one"),
    N_("/who lists who is here"),
    N_("/nick NAME changes your name"),
    N_("/history N repeats the last N messages"),
    N_("/help lists this"),
    N_("/leave leaves"),
    N_("error: not said: {text} ({problem})"),
    N_("error: {problem}"),
]
_PROBLEMS = [
    N_("name taken: {name}; choose another"),
    N_("somebody's name looks like {name}; choose another name"),
    N_("a name has no control or invisible characters"),
    N_("a name has no spaces here"),
    N_("what a room says itself begins like that; choose another name"),
    N_("too many have joined from your address"),
    N_("too many members are here from your address"),
    N_("the server has lost the room for a while"),
    N_("a name has 1 to {longest} characters, not {count}"),
    N_("too fast; you are muted for {n} s"),
    N_("unknown command; /help lists them"),
    N_("unknown command; did you mean {command}? /help lists them"),
    N_("say to whom and what: /msg NAME TEXT"),
    N_("say your new name: /nick NAME"),
    N_("say how many: /history N, up to {n}"),
    N_("no member has that name; /who lists the members"),
    Disconnect.NOT_NOW.template,
    Disconnect.TOO_MANY.template,
    Disconnect.TOO_MANY_OF_PEER.template,
    Disconnect.TOO_FAST.template,
]

ROOM = KnownLines(_LINES, _PROBLEMS)
