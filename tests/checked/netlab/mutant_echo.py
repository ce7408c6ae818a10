"""netlab-echo, which does not close when the client ends its direction."""

from mutant import run

from twisted_lab.services import echo


class Endless(echo.Echo):
    def readConnectionLost(self) -> None:
        self._answer_rest()


echo.Echo = Endless
run("echo")
