"""Everything at once, again and again: afterwards memory, descriptors and books are where they were.

SOAK_SECONDS=600 makes it ten minutes; the default keeps it short.
"""
import os
import random
import threading
import time

import pytest
import zmq
from test_pool_chaos import Load

SECONDS = float(os.environ.get("SOAK_SECONDS", "15"))
ROUND = 3
WORKERS = 6


class Native(threading.Thread):
    """A native client of either protocol that asks one thing after the other; an answer may be lost with its worker."""

    def __init__(self, context, there, head, until):
        super().__init__(daemon=True)
        self.context, self.there, self.head, self.until = context, there, head, until
        self.answers, self.wrong = 0, []

    def run(self):
        number = 0
        while time.monotonic() < self.until:
            socket = self.context.socket(zmq.REQ)
            socket.linger = 0
            socket.connect(self.there)
            while time.monotonic() < self.until:
                number += 1
                socket.send_multipart([*self.head, b"%d" % number])
                if not socket.poll(1000):
                    break
                answer = socket.recv_multipart()
                self.answers += 1
                if answer != [*self.head, b"%d" % number]:
                    self.wrong.append(answer)
            socket.close()


@pytest.mark.timeout(SECONDS * 3 + 120)
def test_a_long_run_ends_where_it_began(start, endpoint, tmp_path):
    pool, clients, hub = endpoint(), endpoint(), endpoint()
    gateway = start.gateway(
        {"pool": {"peer": "ready", "bind": pool, "clients": clients, "dialect": "addressed", "retries": 2},
         "hub": {"peer": "majordomo", "bind": hub, "retries": 2}},
        tmp_path, reactors=2, log={"access": "off"}, sessions={"max_exchanges": 500})
    context = zmq.Context()
    places = [("addressed", pool), ("majordomo", hub)]
    workers = [[start.example("ready_worker", kind, there, "500")[0] for _ in range(WORKERS)] for kind, there in places]

    def settled():
        services = gateway.get("/readyz").json()["services"]
        natives = gateway.metric("zmq_gateway_native_clients", 'service="pool"')
        return natives == 0 and all(services[name]["workers"] == WORKERS for name in ("pool", "hub"))

    def round_of_everything():
        until = time.monotonic() + ROUND
        natives = [Native(context, clients, [], until) for _ in range(4)]
        natives += [Native(context, hub, [b"MDPC01", b"echo"], until) for _ in range(4)]
        loads = [Load(gateway.url, name, in_flight=200) for name in ("pool", "echo")]
        for thread in natives + loads:
            thread.start()
        while time.monotonic() < until:
            row = random.randrange(2)
            victim = random.randrange(WORKERS)
            workers[row][victim].kill()
            workers[row][victim] = start.example("ready_worker", *places[row], "500")[0]
            gateway.get("/v1/services")
            time.sleep(0.3)  # The pace of the killing.
        for load in loads:
            load.stopping = True
        for thread in natives + loads:
            thread.join(60)
        assert all(load.failure is None and not load.wrong for load in loads), [(load.failure, load.wrong[:3]) for load in loads]
        assert all(native.answers and not native.wrong for native in natives), [native.wrong[:3] for native in natives]
        gateway.until(settled)
        return sum(sum(load.ends.values()) for load in loads), gateway.descriptors(), gateway.memory()

    gateway.until(settled)
    descriptors = gateway.descriptors()
    begun, total, memories = time.monotonic(), 0, []
    while time.monotonic() - begun < SECONDS or len(memories) < 4:
        exchanges, now, memory = round_of_everything()
        total += exchanges
        memories.append(memory)
        # The kernel and libzmq close behind our back: a moment is allowed.
        gateway.until(lambda: gateway.descriptors() <= descriptors + 2)
    middle = max(memories[1:len(memories) // 2 + 1])
    assert max(memories[-2:]) <= middle + 12 * 2**20, f"memory grows: {[memory >> 10 for memory in memories]}"
    assert gateway.metric("zmq_gateway_exchanges_open", 'service="pool"') == 0
    assert sum(gateway.metrics()["zmq_gateway_exchanges_total"].values()) == total
    context.destroy(linger=0)
    print(f"{total} exchanges in {len(memories)} rounds, descriptors {descriptors} -> {gateway.descriptors()}, "
          f"KiB {memories[0] >> 10} -> {memories[-1] >> 10}")
