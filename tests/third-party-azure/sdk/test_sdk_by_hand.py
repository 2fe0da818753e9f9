"""What people make with Microsoft's clients, cloudgrant recognises: nothing is made twice, and only its own goes."""

import uuid

import pytest
from azure.mgmt.authorization.models import Permission, RoleDefinition
from azure_support import dump, ids, scenario
from azure_support.dump import last
from azure_support.explained import Explained


def spread_out(condition):
    """The same condition as a person writes it: on several lines."""
    return condition and condition.replace(" OR ", "\n  OR\n  ").replace(" AND ", "\n  AND\n  ")


class Person:
    """Somebody who does by hand what a manifest comes to, under names of their own choice."""

    def __init__(self, plane):
        self.azure = plane.azure
        self.wanted = Explained(plane.cloudgrant, plane.path)

    def make_roles(self):
        for name, one in self.wanted.of("custom-role").items():
            content = RoleDefinition(
                role_name=name,
                role_type="CustomRole",
                permissions=[Permission(actions=[], data_actions=one["data_actions"])],
                assignable_scopes=one["assignable_in"],
            )
            self.azure.definitions.create_or_update(self.azure.scope, one["id"], content)

    def make_identities(self, credential="by-hand-{}"):
        for name, one in self.wanted.of("managed-identity").items():
            self.azure.identity(one["resource_group"], name, **one["tags"], team="ml")
        for at, one in enumerate(self.wanted.of("federated-credential").values()):
            identity, name = last(one["identity"]), credential.format(at)
            self.azure.trust(ids.GROUP, identity, name, one["issuer"], one["subject"])

    def make_assignments(self, description="by hand"):
        people = {one.id: one.principal_id for one in dump.identities(self.azure).values()}
        for one in self.wanted.of("role-assignment").values():
            role = f"{self.azure.scope}/providers/Microsoft.Authorization/roleDefinitions/{one['role_id']}"
            condition = spread_out(one.get("condition"))
            more = {"condition": condition, "condition_version": "2.0"} if condition else {}
            self.azure.assign(one["scope"], role, people[one["principal"]], description=description, **more)


@pytest.fixture
def person(flyte):
    return Person(flyte)


def test_nothing_is_left_to_do(flyte, person):
    person.make_roles()
    person.make_identities()
    person.make_assignments()
    before = dump.everything(flyte.azure)
    summary = flyte.cloudgrant.plan(flyte.path, "--exit-code").summary
    assert summary["unchanged"] == 12, summary
    flyte.cloudgrant.apply(flyte.path)
    assert dump.everything(flyte.azure) == before


def test_what_is_somebody_else_s_stays_when_everything_is_revoked(flyte, person):
    """Foreign assignments to the platform's own identities, which are as good, and under random names."""
    azure = flyte.azure
    before = set(dump.identities(azure))
    people = {one.id: one.principal_id for one in dump.identities(azure).values()}
    foreign = [one for one in person.wanted.of("role-assignment").values() if one["principal"] in people]
    assert len(foreign) == 2
    for one in foreign:
        role = f"{azure.scope}/providers/Microsoft.Authorization/roleDefinitions/{one['role_id']}"
        azure.assign(one["scope"], role, people[one["principal"]], description="somebody else's")
    stays = dump.everything(azure)
    said = flyte.cloudgrant.apply(flyte.path).json
    assert said["summary"]["create"] == 12 - 2, said["summary"]
    flyte.cloudgrant.revoke(flyte.path, "--all")
    assert dump.everything(azure) == stays and set(dump.identities(azure)) == before


def test_a_wider_assignment_of_somebody_else_s_is_told(flyte, person):
    """The same role without the condition reaches more than was asked: that is said, and left alone."""
    person.make_roles()
    person.make_identities()
    azure = flyte.azure
    holder = azure.identities.get(ids.GROUP, scenario.IDENTITY)
    media = scenario.container("acmevision", "media")
    framers = next(role for role in dump.custom_roles(azure).values() if " blob read-write " in role.role_name)
    azure.assign(media, framers.id, holder.principal_id, str(uuid.uuid4()))
    said = flyte.cloudgrant.apply(flyte.path).json
    (widening,) = said["widened"]
    assert "reaches more than was asked" in widening["what"], widening
    assert widening["remedy"].startswith("az role assignment delete --ids "), widening
    (there,) = [one for one in dump.assignments(azure) if one.scope == media]
    assert there.condition is None


def test_an_identity_that_was_made_again_gets_its_roles_again(flyte):
    """Its assignments are of somebody who is gone."""
    flyte.cloudgrant.apply(flyte.path)
    azure = flyte.azure
    azure.identities.delete(ids.GROUP, scenario.IDENTITY)
    flyte.cloudgrant.apply(flyte.path)
    found = {scenario.stands_for(what) for who, what, _, _ in dump.named(azure) if who == scenario.IDENTITY}
    assert found == {what for who, what, _, _ in scenario.ASSIGNMENTS if who == scenario.IDENTITY}
    assert len(dump.credentials(azure, ids.GROUP, scenario.IDENTITY)) == len(scenario.SUBJECTS)
