"""N domain grants on a Flyte platform, and the objects that must come of them, stated by hand."""

import json

from azure_support import ids, manifest

STORAGE = f"{ids.GROUP_ID}/providers/Microsoft.Storage/storageAccounts"
ACCOUNT = "acmedata"
READER, CONTRIBUTOR = "Storage Blob Data Reader", "Storage Blob Data Contributor"
# Few enough for one identity in each domain: Azure lets it trust 20 service accounts.
PROJECTS = [f"project-{at}" for at in range(1, 7)]
HOME = f"{ids.SUBSCRIPTION}/{ids.GROUP}"
DESCRIPTION = f"Task code access, managed by cloudgrant (stack {manifest.STACK}, home {HOME})"


class Workload:
    """N role assignments, each on another container, for three identities that trust six service accounts each.

    The change gives the first grant another level. A role assignment can't change its role, so one goes and one comes.
    """

    def __init__(self, n):
        self.n = n
        # Of which grant's domain is which: as even as can be.
        self.domains = [manifest.DOMAINS[at % len(manifest.DOMAINS)] for at in range(n)]
        self.served = [domain for domain in manifest.DOMAINS if domain in self.domains]

    @property
    def identities(self):
        return len(self.served)

    @property
    def credentials(self):
        return len(self.served) * len(PROJECTS)

    def manifest(self, changed):
        """cloudgrant's manifest."""
        return manifest.manifest(
            resources={
                f"data-{at:05}": f"https://{ACCOUNT}.blob.core.windows.net/{_container(at)}" for at in range(self.n)
            },
            grants=[
                manifest.grant(
                    f"grant-{at:05}",
                    {"domain": domain},
                    **{f"data-{at:05}": "read_write" if _written(at, changed) else "read"},
                )
                for at, domain in enumerate(self.domains)
            ],
            projects=PROJECTS,
        )

    def summary(self, phase):
        """What cloudgrant must say that it did."""
        objects = self.n + self.identities + self.credentials
        return {
            "apply": {"create": objects},
            "no-op": {"unchanged": objects},
            "change": {"create": 1, "delete": 1, "unchanged": objects - 1},
            # Credentials go with their identity.
            "revoke": {"delete": objects - self.credentials},
        }[phase]

    def objects(self, changed):
        """The identities, with all that a client needs in order to make them, what they trust and what they may do."""
        return [self._identity(domain, changed) for domain in self.served]

    def _identity(self, domain, changed):
        mark = f"cloudgrant_{manifest.STACK}_"
        return {
            "name": f"{mark}{domain}",
            "tags": {
                "cloudgrant:stack": manifest.STACK,
                "cloudgrant:home": HOME,
                "cloudgrant:scope": f"domain {domain}",
            },
            "credentials": [
                {"name": f"{mark}{project}_{domain}", "subject": ids.subject(project, domain)} for project in PROJECTS
            ],
            "assignments": [
                {
                    "scope": f"{STORAGE}/{ACCOUNT}/blobServices/default/containers/{_container(at)}",
                    "role": ids.role(CONTRIBUTOR if _written(at, changed) else READER),
                }
                for at, own in enumerate(self.domains)
                if own == domain
            ],
        }

    def write_objects(self, path, changed):
        """The objects as a file, for clients that aren't cloudgrant."""
        content = {
            "subscription": ids.SUBSCRIPTION,
            "group": ids.GROUP,
            "location": ids.LOCATION,
            "issuer": ids.ISSUER,
            "audience": ids.AUDIENCE,
            "description": DESCRIPTION,
            "identities": self.objects(changed),
        }
        path.write_text(json.dumps(content), encoding="utf-8")
        return path


def _container(at):
    return f"data-{at:05}"


def _written(at, changed):
    return changed and at == 0
