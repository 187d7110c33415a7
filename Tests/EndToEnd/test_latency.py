"""What the latency histograms count: exchanges with an end of their own, and no subscriptions."""
import zmq


def test_a_subscription_is_counted_but_not_as_a_latency(start, endpoint, tmp_path, scripted):
    there, other = endpoint(), endpoint()
    scripted(zmq.ROUTER, lambda frames, send: send(frames), bind=other)
    gateway = start.gateway({
        "prices": {"peer": "publisher", "connect": there},
        "s": {"peer": "router", "connect": other, "replies": {"count": 1}}}, tmp_path)
    gateway.ready("s")
    assert gateway.post("s", {}).status_code == 200
    assert gateway.get("/v1/services/prices?topic=a&deadline=50ms").status_code == 200
    gateway.until(lambda: any('service="prices"' in labels and value == 1
                              for labels, value in gateway.metrics()["zmq_gateway_exchanges_total"].items()))
    for name in ("zmq_gateway_exchange_seconds", "zmq_gateway_first_reply_seconds"):
        assert gateway.metrics()[f"{name}_count"] == {'service="s"': 1}
        assert not any("prices" in labels for labels in gateway.metrics()[f"{name}_bucket"])
