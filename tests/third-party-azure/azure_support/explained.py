"""What `explain` says, as other programs can use it."""


class Explained:
    """Every object of a manifest once, in the order in which they are printed."""

    def __init__(self, cloudgrant, path):
        said = cloudgrant.run("explain", "--file", path, "--provider", "azure", "--output", "json").json
        listed = [one for part in (said["grants"], said["registries"]) for entry in part for one in entry["objects"]]
        self.objects = list({(one["kind"], one["name"]): one for one in listed}.values())

    def of(self, kind):
        """The attributes of the objects of one kind, by their names."""
        return {one["name"]: one["attributes"] for one in self.objects if one["kind"] == kind}

    @property
    def commands(self):
        """What a person would type, object by object."""
        return [command for one in self.objects for command in one["commands"]]
