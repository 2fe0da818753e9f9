"""Fixtures: the binary, a moto server for the whole run, and a fresh world for each test."""

import os
import pathlib

import pytest
from support import accounts, moto_server, world
from support import sandbox as sandbox_server
from support.cloudgrant import Cloudgrant

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pytest_configure():
    # Nobody's own settings, proxies or credentials: every request of these tests stays on loopback.
    for name in list(os.environ):
        if name.startswith(("AWS_", "CLOUDGRANT_")) or name.lower().endswith("_proxy"):
            del os.environ[name]
    nowhere = os.devnull
    os.environ.update(AWS_CONFIG_FILE=nowhere, AWS_SHARED_CREDENTIALS_FILE=nowhere, AWS_EC2_METADATA_DISABLED="true")


@pytest.fixture(scope="session")
def binary():
    """The program under test."""
    path = BINARY if BINARY.is_absolute() else pathlib.Path.cwd() / BINARY
    if not path.is_file():
        pytest.exit(f"no program at {path}: build it, or say where it is in CLOUDGRANT", returncode=1)
    return path


# Read before the environment is cleaned.
BINARY = pathlib.Path(os.environ.get("CLOUDGRANT") or ROOT / "target/debug/cloudgrant")


@pytest.fixture(scope="session")
def moto_process(tmp_path_factory):
    with moto_server.serve(tmp_path_factory.mktemp("moto") / "log") as server:
        yield server


@pytest.fixture
def moto(moto_process):
    """moto, empty."""
    moto_process.reset()
    return moto_process


class Cloud:
    """Two prepared accounts at one endpoint."""

    def __init__(self, server):
        self.server = server
        self.data_plane, self.registry = accounts.of_moto(server.url)
        self.key = world.prepare(self.data_plane, self.registry)


@pytest.fixture
def cloud(moto):
    """moto with the world from before cloudgrant."""
    return Cloud(moto)


@pytest.fixture
def cloudgrant(binary, cloud, tmp_path):
    """The program, as the operator of the data plane's account in moto."""
    return Cloudgrant(binary, tmp_path, cloud.data_plane.environment())


@pytest.fixture
def anywhere(binary, tmp_path):
    """The program with no credentials at all."""
    return Cloudgrant(binary, tmp_path, {})


@pytest.fixture
def sandbox(binary, tmp_path):
    """cloudgrant's own sandbox, empty."""
    with sandbox_server.serve(binary, tmp_path, "--provider", "aws") as running:
        yield running
