"""A coroutine for each client."""

import asyncio

import common


async def serve(reader, writer):
    common.report("Client connected")
    try:
        while data := await reader.read(1024):
            common.report(f"Received {len(data)} bytes")
            writer.write(data)
            await writer.drain()
            common.report(f"Sent {len(data)} bytes")
    except OSError as error:
        common.report(f"Client: {error}")
    finally:
        writer.close()
        common.report("Client disconnected")


async def main(listening):
    server = await asyncio.start_server(serve, sock=listening)
    await server.serve_forever()


try:
    asyncio.run(main(common.open_port(common.ask_port())))
except KeyboardInterrupt:
    common.report("Server stopped")
