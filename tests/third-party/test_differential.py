"""The same calls on moto and on the sandbox: the same answers, but for a list of differences with reasons."""

import pytest
from support import accounts, script
from support.differences import ALLOWED
from support.transcript import Transcript
from support.world import trust


@pytest.fixture
def transcripts(moto, sandbox):
    # The sandbox lets a role be assumed that is there and trusts the caller; moto lets any be assumed.
    sandbox.registry.iam.create_role(
        RoleName=accounts.REGISTRY_ADMIN.rsplit("/", 1)[1],
        AssumeRolePolicyDocument=trust(
            {"AWS": [f"arn:aws:iam::{one}:root" for one in (accounts.DATA_PLANE, accounts.REGISTRY)]}
        ),
    )
    said = []
    for data_plane, registry in (accounts.of_moto(moto.url), (sandbox.data_plane, sandbox.registry)):
        said.append(Transcript())
        script.run(said[-1], data_plane, registry)
    return said[0].answers, said[1].answers


def test_the_sandbox_answers_as_moto_does(transcripts):
    moto, sandbox = transcripts
    assert list(moto) == list(sandbox)
    differing = {step: {"moto": moto[step], "sandbox": sandbox[step]} for step in moto if moto[step] != sandbox[step]}
    unexpected = {step: both for step, both in differing.items() if step not in ALLOWED}
    assert not unexpected, "\n".join(f"{step}\n  {both}" for step, both in unexpected.items())
    # A reason for a difference that is no more would hide the next one.
    assert set(ALLOWED) == set(differing)
