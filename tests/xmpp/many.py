"""A thousand domains at once, each with a stream of its own: what that costs the gateway, and that it goes on.

covers: A-2.1.5, A-2.2.6
"""

import asyncio
import re
import ssl
import time

from attacks import exchange
from estate import HERALD, SERVER_PORT
from raw import BIDIRECTIONAL, HEADER, STARTTLS

DOMAINS, KIBIBYTES_EACH, TOGETHER = 1000, 64, 50
PATIENCE = 60
EXTERNAL = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>"


def thousand(scene):
    """A thousand domains log in, each is answered, and none takes more than its share of memory."""
    romeo, tybalt = scene.user(), scene.endpoint("tybalt")
    certificate = scene.estate.authority.certify("*.many.test")
    before, begun = scene.server.memory(), time.monotonic()
    asyncio.run(hold(scene, certificate, before, romeo, tybalt))
    print(f"    {DOMAINS} domains came, were answered and went in {time.monotonic() - begun:.1f} s")


async def hold(scene, certificate, before, romeo, tybalt):
    context = ssl.create_default_context(cafile=scene.estate.authority.file)
    context.load_cert_chain(*certificate)
    gate, begun = asyncio.Semaphore(TOGETHER), time.monotonic()

    async def enter(number):
        async with gate:
            return await log_in(scene.estate.address(4), f"d{number}.many.test", context)
    writers = await asyncio.gather(*(enter(number) for number in range(DOMAINS)))
    each = (scene.server.memory() - before) * 1024 / DOMAINS
    print(f"    {DOMAINS} domains are open after {time.monotonic() - begun:.1f} s: {each:.1f} KiB each")
    await asyncio.to_thread(exchange, romeo, tybalt, f"beside {DOMAINS} domains")
    for writer in writers:
        writer.transport.abort()
    assert each < KIBIBYTES_EACH, f"{each:.1f} KiB each"


async def log_in(address, name, context):
    """One domain's stream, until it is authenticated and a ping was answered."""
    reader, writer = await asyncio.open_connection(address, SERVER_PORT)
    said = ""

    async def until(pattern):
        nonlocal said
        while not (found := re.search(pattern, said, re.DOTALL)):
            more = await asyncio.wait_for(reader.read(65536), PATIENCE)
            assert more, f"{name} was shut out: {said[-300:]}"
            said += more.decode()
        said = said[found.end():]

    async def open_stream():
        writer.write(HEADER.format(sender=name, to=HERALD).encode())
        await until(r"</stream:features>|<stream:features\s*/>")
    await open_stream()
    writer.write(STARTTLS.encode())
    await until(r"<proceed\b[^>]*>")
    await writer.start_tls(context, server_hostname=HERALD, ssl_handshake_timeout=PATIENCE)
    said = ""
    await open_stream()
    writer.write((BIDIRECTIONAL + EXTERNAL).encode())
    await until(r"<success\b[^>]*>")
    await open_stream()
    writer.write(f"<iq type='get' id='p' from='{name}' to='{HERALD}'><ping xmlns='urn:xmpp:ping'/></iq>".encode())
    await until(r"<iq\b[^>]*\bid=.p\b")
    return writer


PLAYS = [thousand]
