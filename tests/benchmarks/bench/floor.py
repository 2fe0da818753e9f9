"""How fast a phase could be at best in a world: bounds that hold for every client, and one for some."""


def seconds(least, world):
    """max(requests / rate, depth x latency), or nothing where the world sets no bound.

    It takes a bucket of tokens to begin empty. In a world where it begins full, a client can be faster than this.
    """
    return _seconds(least, world, lambda count, limit: count / limit.rate)


def seconds_with_burst(least, world):
    """The same with buckets that begin full, as they do here: so many requests come at once, and nobody is faster."""
    return _seconds(least, world, lambda count, limit: (count - limit.burst) / limit.rate)


def seconds_in_flight(least, world, in_flight):
    """The second one for a client that has so many requests in flight at a time, and no more."""
    by_latency = least.requests * world.latency / in_flight
    return max(seconds_with_burst(least, world) or 0.0, by_latency) or None


def _seconds(least, world, by_rate):
    taken = least.taken()
    waits = [by_rate(taken[name], limit) for name, limit in world.limits.items() if name in taken]
    return max(0.0, least.depth * world.latency, *waits) or None
