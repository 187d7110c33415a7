"""No reply ever shows in another client's stream: checked by content, with timeouts, cancels and late replies among them."""
import asyncio
import json
import os
import random

import aiohttp
import pytest

EXCHANGES = int(os.environ.get("ISOLATION_EXCHANGES", "12000"))
CLIENTS = 200


async def one(session, url, number, chance):
    """One exchange; returns how it went. Every reply must carry our own number."""
    kind = chance.choice(["application/x-ndjson", "text/event-stream"])
    query = chance.choice(["", "", "?deadline=5ms", "?count=1", "?idle=3ms"])
    leave = chance.random() < 0.05
    seen, how = 0, "cut"
    try:
        async with session.post(url + query, json={"n": number}, headers={"Accept": kind}) as response:
            if response.status != 200:
                assert response.status == 504, (response.status, await response.text())
                return "504"
            async for line in response.content:
                text = line.decode().strip()
                if kind == "text/event-stream":
                    if not text.startswith("data: "):
                        continue
                    text = text[6:]
                if not text or '"reason"' in text:
                    continue
                assert json.loads(text) == {"n": number}, f"{text} in the stream of {number}"
                seen += 1
                if leave:
                    return "left"
            how = "whole"
    except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, aiohttp.ClientConnectionResetError):
        pass
    assert seen <= 4
    return how


async def many(url, exchanges, seed):
    counts = {}
    numbers = iter(range(exchanges))
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as session:
        async def client(index):
            chance = random.Random(seed * 1000 + index)
            for number in numbers:
                how = await one(session, url, number, chance)
                counts[how] = counts.get(how, 0) + 1
        await asyncio.gather(*(client(index) for index in range(CLIENTS)))
    return counts


# Long enough for 200 clients to be served by five workers that take 3 ms a request: a shorter one would have them work
# off requests whose clients no longer wait.
REPLIES = {"idle": "20ms", "idle_means": "complete", "deadline": "400ms"}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("workers", ["router-cpp", "router-python", "dealer-c"])
def test_two_hundred_clients_see_only_their_own_replies(start, endpoint, tmp_path, workers):
    there = endpoint()
    if workers == "dealer-c":
        service = {"peer": "dealer", "bind": there, "replies": REPLIES}
    else:
        service = {"peer": "router", "replies": REPLIES, "identities": {"max": 2000, "spare": 64}}
        if workers == "router-cpp":
            service["connect"] = start.example("async_server", there, "3")[1]
        else:
            service["connect"] = start.python("async_server.py", there, "3")[1]
    gateway = start.gateway({"s": service}, tmp_path, log={"access": "off"}, limits={"max_exchanges": 10000})
    if workers == "dealer-c":
        for _ in range(20):
            start.example("dealer_worker", there, "3")
    gateway.ready("s")
    before = gateway.descriptors()
    share = EXCHANGES // 8 if workers == "router-python" else EXCHANGES // 2
    counts = asyncio.run(many(f"{gateway.url}/v1/services/s", share, seed=7))
    assert sum(counts.values()) == share
    assert counts.get("whole", 0) > share // 20 and counts.get("left", 0) > 0, counts
    gateway.until(lambda: gateway.metric("zmq_gateway_exchanges_open", 'service="s"') == 0)
    ended = gateway.metrics()["zmq_gateway_exchanges_total"]
    assert sum(ended.values()) == share
    gateway.until(lambda: gateway.descriptors() <= before + 200)
