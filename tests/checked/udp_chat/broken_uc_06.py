"""UC-6: nobody knows who said a text."""

import common


class Chat(common.Chat):
    def talk(self, text, speaker):
        self.tell(text, speaker)


Chat().run()
