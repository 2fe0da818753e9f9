"""`python -m bench`: measures, and writes the tables."""

import json
import os
import pathlib
import sys
import time

from . import aws, azure, document, scaling, series, table
from .arguments import parse

CLOUDS = {aws.NAME: aws, azure.NAME: azure}
# What would lead clients elsewhere.
FOREIGN = ("ARM_", "AWS_", "AZURE_", "CLOUDGRANT_", "CURL_CA_", "IDENTITY_", "MSI_", "REQUESTS_", "SSL_CERT_", "TF_")


def main():
    options = parse(CLOUDS)
    clean_environment()
    folder = pathlib.Path(options.folder).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if options.document:
        # Now rather than after an hour.
        document.check(pathlib.Path(options.document), [*options.cloud, *(["scale"] if options.scale else [])])
    failed, sections, figures = False, {}, {}
    for name in options.cloud:
        result = cloud(CLOUDS[name], options, folder)
        failed |= result.failed
        sections[name], figures[name] = result.markdown(), result.content()
        write(options, folder, sections, figures)
    if options.scale:
        sections["scale"], good = scaling.run(say)
        failed |= not good
        write(options, folder, sections, figures)
    print("\n".join(sections.values()))
    say(f"written to {folder}/results.md and results.json")
    return 1 if failed else 0


def write(options, folder, sections, figures):
    """What there is so far: a long run that ends early leaves that much."""
    text = "\n".join(f"## {name}\n\n{markdown}" for name, markdown in sections.items())
    (folder / "results.md").write_text(text, encoding="utf-8")
    (folder / "results.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if options.document:
        for name, markdown in sections.items():
            document.put(pathlib.Path(options.document), name, markdown)


def cloud(cloud, options, folder):
    """Measures everything in a cloud."""
    result = table.Result(cloud, options)
    peers = []
    for peer in cloud.peers(options):
        if options.peers and peer.name not in options.peers:
            continue
        reason = peer.missing()
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
    return result


def measure(cloud, world, n, peers, options, folder, result):
    workload = cloud.workload(n)
    for peer in peers:
        reason = too_slow(peer, world, n)
        if reason and peer.name not in options.beyond:
            result.notice(f"{peer.name} is not measured {reason}, unless with --beyond {peer.name}")
            continue
        once = n >= 1000 or (peer.repeat_up_to is not None and n > peer.repeat_up_to)
        repeat = options.repeat or (1 if once else 3)
        say(f"{cloud.NAME}, {world.name}, N={n}, {peer.name}, {repeat} run(s)")
        outcomes = series.run(cloud, peer, world, workload, options.phases, repeat, folder / "work", say)
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
        if name.startswith(FOREIGN) or name.lower().endswith("_proxy"):
            del os.environ[name]
    nowhere = os.devnull
    os.environ.update(AWS_CONFIG_FILE=nowhere, AWS_SHARED_CREDENTIALS_FILE=nowhere, AWS_EC2_METADATA_DISABLED="true")


sys.exit(main())
