"""Everything of a subscription that concerns access, read with Microsoft's clients."""

from . import ids

OWNER = ids.ROLES["Owner"]


def last(path):
    """The last part of a path."""
    return path.rsplit("/", 1)[-1]


def identities(azure):
    """Managed identities by name."""
    return {one.name: one for one in azure.identities.list_by_subscription()}


def credentials(azure, group, identity):
    """The federated credentials of an identity by name: issuer, subject, audiences."""
    found = azure.credentials.list(group, identity)
    return {one.name: (one.issuer, one.subject, tuple(one.audiences)) for one in found}


def custom_roles(azure):
    """The subscription's own roles by their ids."""
    return {one.name: one for one in azure.definitions.list(azure.scope, filter="type eq 'CustomRole'")}


def assignments(azure):
    """All role assignments of the subscription, but the operator's own."""
    found = azure.assignments.list_for_subscription()
    return [one for one in found if last(one.role_definition_id) != OWNER]


def named(azure):
    """The same, as names: who has which role where, and whether a condition narrows it."""
    people = {one.principal_id: one.name for one in azure.identities.list_by_subscription()}
    return {
        (
            people.get(one.principal_id, one.principal_id),
            azure.definitions.get_by_id(one.role_definition_id).role_name,
            one.scope,
            bool(one.condition),
        )
        for one in assignments(azure)
    }


def everything(azure):
    """All of it in a form that can be compared."""
    owners = identities(azure)
    return {
        "assignments": sorted(
            (one.id, one.role_definition_id, one.principal_id, one.condition or "", one.description or "")
            for one in assignments(azure)
        ),
        "identities": {name: (one.principal_id, one.tags) for name, one in owners.items()},
        "credentials": {
            name: credentials(azure, one.id.split("/resourceGroups/")[1].split("/")[0], name)
            for name, one in owners.items()
        },
        "roles": {name: one.role_name for name, one in custom_roles(azure).items()},
    }
