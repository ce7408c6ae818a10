"""asyncio: four bytes with the length, little-endian. Texts come back in upper case."""

import asyncio


async def serve(reader, writer):
    try:
        while True:
            length = int.from_bytes(await reader.readexactly(4), "little")
            if length > 1_000_000:
                break
            answer = (await reader.readexactly(length)).upper()
            writer.write(len(answer).to_bytes(4, "little") + answer)
            await writer.drain()
    except (asyncio.IncompleteReadError, OSError):
        pass
    writer.close()


async def main():
    async with await asyncio.start_server(serve, port=9090, reuse_address=True) as server:
        await server.serve_forever()


asyncio.run(main())
