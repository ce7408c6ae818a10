"""UC-3: the loop over the clients ends with the first that is not the speaker."""

import common


class Chat(common.Chat):
    def tell(self, text, speaker):
        for address in self.names:
            if address != speaker:
                self.send(text, address)
                break


Chat().run()
