"""A Runtime API for each test."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from api_place import Place, make_place


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    made = await make_place([])
    yield made
    for client in made.clients:
        client.writer.close()
    await made.runtime.stop(0)
    await asyncio.gather(
        *(client.writer.wait_closed() for client in made.clients), return_exceptions=True
    )
