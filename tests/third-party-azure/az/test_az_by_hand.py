"""`explain` prints equivalent commands of the Azure CLI, and `export --commands` writes them. Whoever runs those has done what `apply` does."""

import pytest
from azure_support import dump, quickstart, scenario
from azure_support.explained import Explained


@pytest.mark.parametrize("example", ["flyte", "quickstart"])
def test_the_commands_do_what_apply_does(az, data_plane, example, tmp_path):
    content = scenario.flyte() if example == "flyte" else quickstart.PATH
    plane, selected = data_plane(content), ("--provider", "azure")
    explained = Explained(plane.cloudgrant, plane.path)
    expected = 12 if example == "flyte" else len(quickstart.ASSIGNMENTS)
    assert len([one for one in explained.objects if one["commands"]]) == expected
    # On Azure, what the platform must be told of identities isn't known before they are there.
    exported = ["export", "--file", plane.path, *selected, "--to", tmp_path, "--commands"]
    plane.cloudgrant.run(*exported)
    script = (tmp_path / "commands" / "cloudgrant.sh").read_text()
    assert all(command in script for command in explained.commands)
    az(plane.sandbox).bash(script)
    summary = plane.cloudgrant.plan(plane.path, *selected, "--exit-code").summary
    assert summary["unchanged"] == expected, summary
    by_hand = dump.everything(plane.azure)
    # And it counts them as its own: they carry the mark of the stack.
    # What the platform's vendor was asked for may stay: that isn't a success.
    plane.cloudgrant.revoke(plane.path, "--all", *selected, expect=0 if example == "flyte" else 1)
    assert by_hand["assignments"] and dump.everything(plane.azure)["assignments"] == []
