"""Names of a room's members: unique, and not to be mistaken for each other."""

from __future__ import annotations

from bisect import bisect_left, insort

from twisted_lab.text.user_names import BadName, name_key, nickname, skeletons

# Limit of `/who`: the answer to a command of five bytes must be bounded.
MOST_LISTED = 500


def taken(name: str) -> BadName:
    """Return the error about a name that another member has."""
    return BadName(f"name taken: {name}; choose another")


def resembles(name: str) -> BadName:
    """Return the error about a name that looks like that of another member."""
    return BadName(f"somebody's name looks like {name}; choose another name")


class Names:
    """The names of the members, sorted by their keys."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}  # by key
        self._sorted: list[str] = []  # the keys
        self._looks: dict[str, str] = {}  # the keys, by the skeletons of the names

    def find(self, name: str) -> str | None:
        """Return the name of the member that `name` denotes, as the member writes it."""
        return self._names.get(name_key(name))

    def free(self, text: str, of: str | None = None) -> str:
        """Return `text`, stripped, if a member can have that name.

        Args:
            text: The name.
            of: The key of the name that the member has; None for a new member.

        Raises:
            BadName: The name is invalid, or equals or resembles that of another member.
        """
        name = nickname(text)
        key = name_key(name)
        if key in self._names and key != of:
            raise taken(name)
        if any(self._looks.get(skeleton, of) != of for skeleton in skeletons(name)):
            raise resembles(name)
        return name

    def add(self, name: str) -> None:
        """Add the name of a new member, in place of an equal one."""
        key = name_key(name)
        if key in self._names:
            self.remove(name)
        self._names[key] = name
        self._looks.update(dict.fromkeys(skeletons(name), key))
        insort(self._sorted, key)

    def remove(self, name: str) -> None:
        """Remove the name of a member, if it has one."""
        key = name_key(name)
        known = self._names.pop(key, None)
        if known is None:
            return
        for skeleton in set(skeletons(known)):
            del self._looks[skeleton]
        del self._sorted[bisect_left(self._sorted, key)]

    def here(self) -> str:
        """Return the line that lists the members."""
        names = ", ".join(self._names[key] for key in self._sorted[:MOST_LISTED])
        more = len(self._sorted) - MOST_LISTED
        return f"* here: {names}, and {more} more" if more > 0 else f"* here: {names}"
