"""A chat with asyncio, by TCP, in lines; it asks for the name."""

import asyncio
import contextlib

import common

members = {}


async def serve(reader, writer):
    writer.write(b"What is your name?\n")
    name = (await reader.readline()).decode(errors="replace").strip()
    members[writer] = name
    try:
        while line := await reader.readline():
            for member in [*members]:
                if member is not writer:
                    member.write(f"{name}: ".encode() + line)
    except OSError:
        pass
    finally:
        del members[writer]
        writer.close()


async def main(port):
    async with await asyncio.start_server(serve, "", port) as server:
        print("Waiting", flush=True)
        await server.serve_forever()


with contextlib.suppress(KeyboardInterrupt):
    asyncio.run(main(common.ask_port()))
