"""UC-11: a thread sends the last text every 50 ms; those before it are lost."""

import threading
import time

import common


class Chat(common.Chat):
    last = None

    def tell(self, text, speaker):
        self.last = (text, speaker)

    def keep_telling(self):
        while True:
            time.sleep(0.05)
            last, self.last = self.last, None
            if last:
                super().tell(*last)


chat = Chat()
threading.Thread(target=chat.keep_telling, daemon=True).start()
chat.run()
