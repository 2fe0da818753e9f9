"""Fixtures: the binary, sandboxes, and cloudgrant as their operator."""

import contextlib
import os
import pathlib

import pytest
from azure_support import manifest, sandbox, scenario
from azure_support.clients import Clients
from support.cloudgrant import Cloudgrant

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Read before the environment is cleaned.
BINARY = pathlib.Path(os.environ.get("CLOUDGRANT") or ROOT / "target/debug/cloudgrant")
# Folders, as those on PATH are.
SPECIFICATIONS = [pathlib.Path(one) for one in os.environ.get("AZURE_SPECS", "").split(os.pathsep) if one]


def pytest_configure():
    # Nobody's own settings, proxies or credentials: every request of these tests stays on loopback.
    foreign = ("ARM_", "AZURE_", "CLOUDGRANT_", "IDENTITY_", "MSI_", "REQUESTS_", "CURL_CA_", "SSL_CERT_")
    for name in list(os.environ):
        if name.startswith(foreign) or name.lower().endswith("_proxy"):
            del os.environ[name]


@pytest.fixture(scope="session")
def binary():
    """The program under test."""
    path = BINARY if BINARY.is_absolute() else pathlib.Path.cwd() / BINARY
    if not path.is_file():
        pytest.exit(f"no program at {path}: build it, or say where it is in CLOUDGRANT", returncode=1)
    return path


@pytest.fixture
def serve(binary, tmp_path):
    """Serves the sandbox of a manifest, until the test ends. A test may have several, by name."""
    with contextlib.ExitStack() as open_ones:

        def start(path, *arguments, name="sandbox"):
            running = sandbox.serve(binary, tmp_path / name, "--file", path, *arguments)
            return open_ones.enter_context(running)

        yield start


@pytest.fixture
def home(serve, tmp_path):
    """A sandbox with an empty data plane: a resource group, and the identity of task code in it."""
    return serve(manifest.write(tmp_path, manifest.manifest(), "home.yaml"))


@pytest.fixture
def azure(home):
    """Microsoft's clients at that sandbox, as its operator."""
    return Clients(home)


@pytest.fixture
def operate(binary, tmp_path):
    """cloudgrant, as the operator of a sandbox."""
    return lambda running: Cloudgrant(binary, tmp_path, running.exports)


class DataPlane:
    """A manifest, a sandbox with what it takes for granted, and those who work there."""

    def __init__(self, path, running, cloudgrant):
        self.path = path
        self.sandbox = running
        self.cloudgrant = cloudgrant
        self.azure = Clients(running)


@pytest.fixture
def data_plane(serve, operate, tmp_path):
    """Makes a data plane for a manifest: a path, or content that is written first."""

    def make(content, name="sandbox"):
        path = content if isinstance(content, pathlib.Path) else manifest.write(tmp_path, content, f"{name}.yaml")
        running = serve(path, name=name)
        return DataPlane(path, running, operate(running))

    return make


@pytest.fixture
def flyte(data_plane):
    """The data plane of the scenario: Flyte, with grants to a domain."""
    return data_plane(scenario.flyte())


@pytest.fixture(scope="session")
def specifications():
    """The folder with Microsoft's specifications."""
    return _with("specification/authorization")


@pytest.fixture(scope="session")
def platform_specifications():
    """The folder with those of Azure Machine Learning."""
    return _with("specification/machinelearningservices")


@pytest.fixture(scope="session")
def schemas():
    """The folder with Microsoft's schemas of what templates write."""
    return _with("schemas/2026-05-01")


def _with(part):
    for folder in SPECIFICATIONS:
        if (folder / part).is_dir():
            return folder
    pytest.skip(f"AZURE_SPECS names no folder with Microsoft's {part}")
