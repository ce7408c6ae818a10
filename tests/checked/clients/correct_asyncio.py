"""A client with asyncio; its prompts are Russian in Latin letters."""

import asyncio
import sys


async def show_replies(reader):
    while line := await reader.readline():
        text = line.decode(errors="replace").rstrip("\n")
        print("Polucheno:", "".join(c if c.isprintable() else "?" for c in text))
    print("Server zakryl soedinenie.")


async def send_lines(writer):
    typed = asyncio.Queue()
    asyncio.get_running_loop().add_reader(0, lambda: typed.put_nowait(sys.stdin.readline()))
    while (line := await typed.get()) not in ("", "exit\n"):
        writer.write(line.encode())
        await writer.drain()
        print("Otpravleno:", len(line.encode()), "bayt")


async def main():
    host = input("Vvedite adres servera (Enter - localhost): ") or "localhost"
    while True:
        port = input("Vvedite port (Enter - 9090): ") or "9090"
        if port.isdecimal() and 0 < int(port) < 65536:
            break
    try:
        reader, writer = await asyncio.open_connection(host, int(port))
        print("Soedinenie ustanovleno.")
        tasks = [asyncio.create_task(show_replies(reader)), asyncio.create_task(send_lines(writer))]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        writer.close()
    except OSError as error:
        print("Oshibka soedineniya:", error)
    print("Soedinenie zakryto.")


asyncio.run(main())
