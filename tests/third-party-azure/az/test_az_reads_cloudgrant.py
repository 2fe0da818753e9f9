"""What cloudgrant wrote, `az` lists."""

from azure_support import ids, scenario


def test_everything_is_listed(az, flyte):
    flyte.cloudgrant.apply(flyte.path)
    az = az(flyte.sandbox)
    identities = {one["name"]: one for one in az("identity", "list", "--resource-group", ids.GROUP)}
    made = identities[scenario.IDENTITY]
    assert made["tags"] == scenario.TAGS
    people = {one["principalId"]: name for name, one in identities.items()}
    roles = az("role", "definition", "list", "--custom-role-only")
    roles = {scenario.stands_for(role["roleName"]): role for role in roles}
    assert set(roles) == {scenario.EXPORTERS, scenario.FRAMERS}
    assert set(roles[scenario.EXPORTERS]["permissions"][0]["dataActions"]) == scenario.EXPORTERS_MAY
    found = {
        (
            people[one["principalId"]],
            scenario.stands_for(one["roleDefinitionName"]),
            one["scope"],
            bool(one.get("condition")),
        )
        for one in az("role", "assignment", "list", "--all")
        if one["roleDefinitionName"] != "Owner"
    }
    assert found == scenario.ASSIGNMENTS
    mine = az("role", "assignment", "list", "--all", "--assignee", made["clientId"])
    assert len(mine) == len([who for who, *_ in scenario.ASSIGNMENTS if who == scenario.IDENTITY])
    place = ("--resource-group", ids.GROUP, "--identity-name", scenario.IDENTITY)
    trusted = az("identity", "federated-credential", "list", *place)
    assert {one["name"]: one["subject"] for one in trusted} == scenario.SUBJECTS
    assert {one["name"] for one in az("acr", "list")} == {"acmebase", "acmetools"}
