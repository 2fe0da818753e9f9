"""Whether a subscription is as it must be after each phase, read with Microsoft's clients."""

from azure_support import dump, ids

from ..cloud import Wrong


def everything(azure):
    """Identities with their tags, what they trust, and what everybody may do where."""
    identities = dump.identities(azure)
    people = {one.principal_id: one.name for one in identities.values()}
    return {
        "identities": {(name, *sorted((one.tags or {}).items())) for name, one in identities.items()},
        "credentials": {
            (identity, name, *credential)
            for identity in identities
            for name, credential in dump.credentials(azure, ids.GROUP, identity).items()
        },
        # A list, so that one that is there twice is seen.
        "assignments": sorted(
            (
                people.get(one.principal_id, one.principal_id),
                dump.last(one.role_definition_id),
                one.scope,
                one.condition or "",
            )
            for one in dump.assignments(azure)
        ),
    }


def check(found, before, phase, workload):
    """Raises `Wrong` unless exactly the phase's objects are there, besides those that were there before."""
    objects = [] if phase == "revoke" else workload.objects(changed=phase == "change")
    wanted = {
        "identities": before["identities"] | {(one["name"], *sorted(one["tags"].items())) for one in objects},
        "credentials": before["credentials"]
        | {
            (one["name"], each["name"], ids.ISSUER, each["subject"], (ids.AUDIENCE,))
            for one in objects
            for each in one["credentials"]
        },
        "assignments": sorted(
            before["assignments"]
            + [
                (one["name"], dump.last(each["role"]), each["scope"], "")
                for one in objects
                for each in one["assignments"]
            ]
        ),
    }
    for kind, should in wanted.items():
        there = found[kind]
        if there != should:
            missing = [one for one in should if one not in there][:2]
            odd = [one for one in there if one not in should][:2]
            raise Wrong(f"{len(should)} {kind} were to be there, and {len(there)} are; missing {missing}, odd {odd}")
