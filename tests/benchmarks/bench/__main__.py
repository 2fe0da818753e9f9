"""`python -m bench`: measures, and writes the table."""

import os
import pathlib
import sys
import time

from . import aws, series, table
from .arguments import parse

CLOUDS = {aws.NAME: aws}


def main():
    options = parse(CLOUDS)
    clean_environment()
    cloud = CLOUDS[options.cloud]
    folder = pathlib.Path(options.folder)
    folder.mkdir(parents=True, exist_ok=True)
    result = table.Result(cloud, options)
    peers = []
    for peer in cloud.peers(options):
        reason = peer.missing()
        if options.peers and peer.name not in options.peers:
            continue
        if reason:
            result.notice(f"{peer.name} is not measured: {reason}")
        else:
            peers.append(peer)
            result.peers[peer.name] = peer.version()
    began = time.monotonic()
    for world in cloud.worlds(options):
        if world.name in options.worlds:
            for n in options.n:
                if world.most and n > world.most:
                    result.notice(f"nothing is measured in the world {world.name} beyond N={world.most}")
                    continue
                measure(cloud, world, n, peers, options, folder, result)
    result.minutes = (time.monotonic() - began) / 60
    markdown = result.markdown()
    (folder / "results.md").write_text(markdown, encoding="utf-8")
    (folder / "results.json").write_text(result.json(), encoding="utf-8")
    if options.document:
        table.put(pathlib.Path(options.document), markdown)
    print(markdown)
    print(f"written to {folder}/results.md and results.json", file=sys.stderr)
    return 1 if result.failed else 0


def measure(cloud, world, n, peers, options, folder, result):
    workload = cloud.workload(n)
    for peer in peers:
        reason = too_slow(peer, world, n)
        if reason and peer.name not in options.beyond:
            result.notice(f"{peer.name} is not measured {reason}, unless with --beyond {peer.name}")
            continue
        once = n >= 1000 or (peer.repeat_up_to is not None and n > peer.repeat_up_to)
        repeat = options.repeat or (1 if once else 3)
        say(f"{world.name}, N={n}, {peer.name}, {repeat} run(s)")
        outcomes = series.run(peer, world, workload, cloud.floor, options.phases, repeat, folder / "work", say)
        for phase, outcome in outcomes.items():
            result.add(world, workload, phase, peer, outcome)


def too_slow(peer, world, n):
    """Where a peer is left out for its slowness, or nothing."""
    if peer.most and n > peer.most:
        return f"beyond N={peer.most}"
    if peer.worlds and world.name not in peer.worlds:
        return f"in the world {world.name}"
    return None


def say(text):
    print(text, file=sys.stderr, flush=True)


def clean_environment():
    """Nobody's own settings, proxies or credentials: everything stays on loopback."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "CLOUDGRANT_", "TF_")) or name.lower().endswith("_proxy"):
            del os.environ[name]
    nowhere = os.devnull
    os.environ.update(AWS_CONFIG_FILE=nowhere, AWS_SHARED_CREDENTIALS_FILE=nowhere, AWS_EC2_METADATA_DISABLED="true")


sys.exit(main())
