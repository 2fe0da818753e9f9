"""cloudgrant as most people run it: logged in with `az login`."""

from azure_support import scenario


def test_cloudgrant_uses_the_login_of_az(az, flyte):
    az = az(flyte.sandbox)
    cloudgrant = flyte.cloudgrant
    # Nothing that any other way in could use.
    settings = {name: value for name, value in cloudgrant.environment.items() if name.startswith("CLOUDGRANT_")}
    mine = ("AZURE_CONFIG_", "AZURE_CORE_", "REQUESTS_")
    own = {name: value for name, value in az.environment.items() if name.startswith(mine)}
    cloudgrant.environment = settings | own | {"CLOUDGRANT_AZURE__CREDENTIALS": "cli"}
    assert cloudgrant.apply(flyte.path).summary["create"] == 12
    assert cloudgrant.plan(flyte.path, "--exit-code").summary["unchanged"] == 12
    az("logout")
    said = cloudgrant.plan(flyte.path, expect=1)
    assert "az login" in str(said), said
    assert scenario.IDENTITY in {one.name for one in flyte.azure.identities.list_by_subscription()}
