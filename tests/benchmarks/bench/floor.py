"""How fast a phase could be at best in a world: a bound that holds for every client."""


def seconds(least, world):
    """The floor, or nothing where the world sets no bound.

    The bucket of requests holds one second's worth at the beginning, so that many come at once.
    """
    by_rate = max(0.0, least.requests - world.rate) / world.rate if world.rate else 0.0
    return max(by_rate, least.depth * world.latency) or None


def seconds_in_flight(least, world, in_flight):
    """The same for a client with so many requests in flight at a time."""
    by_latency = least.requests * world.latency / in_flight
    return max(seconds(least, world) or 0.0, by_latency) or None
