"""netlab-broadcast, which sends a message to the others only."""

from mutant import run

from twisted_lab.services import broadcast


class Others(broadcast.Broadcast):
    async def converse(self, channel):
        channel.say("CONNECT")
        sender = (channel.peer.host, channel.peer.port)
        self._members.add(channel)
        try:
            while True:
                text = await channel.hear()
                self._members.remove(channel)
                self._members.say(f"Message from client {sender}: {text.upper()}")
                await self._members.sent()
                self._members.add(channel)
        finally:
            self._members.remove(channel)


broadcast.Broadcast = Others
run("broadcast")
