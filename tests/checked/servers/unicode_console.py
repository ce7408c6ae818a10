"""A frame, emoji, wide characters and cursor movement on the console."""

import common


def ask_port():
    print("\x1b[2J\x1b[H╔════════════════════════╗\n║  🚀 Эхо-сервер  日本語  ║\n╚════════════════════════╝")
    while True:
        text = input("🔌 \x1b[1mПорт\x1b[0m \x1b[2m(по умолчанию 9090)\x1b[0m ➜ ").strip()
        if not text:
            return 9090
        if text.isascii() and text.isdecimal() and 0 < int(text) < 65536:
            return int(text)
        print("⛔ Это не порт")


def serve(client):
    while data := client.recv(1024):
        common.report(f"📥 получено {len(data)} байт")
        client.sendall(data)
        common.report(f"📤 отправлено {len(data)} байт")


common.run(common.open_port(ask_port()), serve)
