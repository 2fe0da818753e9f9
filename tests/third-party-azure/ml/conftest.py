"""Microsoft's clients for Azure Machine Learning, at a sandbox with an account, a container and a vault."""

import json

import jsonschema
import pytest
import referencing
from azure.ai.ml import MLClient
from azure.ai.ml._restclient.arm_ml_service import MachineLearningServicesMgmtClient
from azure_support import ids
from azure_support.clients import secret_credential
from azure_support.machine_learning import NAME, Caller

CLOUD = "cloudgrant-sandbox"
EXPRESSIONS = "https://schema.management.azure.com/schemas/common/definitions.json"


@pytest.fixture
def caller(home):
    """The operator, by plain requests."""
    return Caller(home)


@pytest.fixture
def management(caller):
    """The client below all others, which says what goes over the wire."""
    sandbox = caller.sandbox
    return MachineLearningServicesMgmtClient(
        secret_credential(sandbox),
        sandbox.subscription,
        sandbox.url,
        credential_scopes=["https://management.azure.com/.default"],
        connection_verify=sandbox.certificate,
        polling_interval=0,
    )


@pytest.fixture
def client(caller, monkeypatch):
    """The client that people use. It reads which cloud there is from its own list, where the sandbox is entered."""
    sandbox = caller.sandbox
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", sandbox.certificate)
    # It remembers the cloud for other clients, in a variable.
    monkeypatch.setenv("AZUREML_CURRENT_CLOUD", CLOUD)
    cloud = f"{CLOUD}-{sandbox.url.rsplit(':', 1)[1]}"
    endpoints = {
        "azure_portal": "https://portal.azure.com/",
        "resource_manager": f"{sandbox.url}/",
        "active_directory": f"{sandbox.url}/",
        "aml_resource_id": "https://ml.azure.com/",
        "storage_endpoint": "core.windows.net",
        "registry_discovery_endpoint": f"{sandbox.url}/",
    }
    return MLClient(
        secret_credential(sandbox),
        sandbox.subscription,
        ids.GROUP,
        NAME,
        cloud=cloud,
        cloud_metadata=endpoints,
        enable_telemetry=False,
        show_progress=False,
    )


@pytest.fixture
def template(schemas):
    """Holds a body against Microsoft's schema of what templates write (2026-05-01)."""
    path = schemas / "schemas/2026-05-01/Microsoft.MachineLearningServices.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    # The common part of a type with variants forbids what is not in it, so that no variant would fit: that rule is out.
    for definition in schema["definitions"].values():
        for part in definition.get("allOf", []):
            part.pop("additionalProperties", None)
    # Templates may have expressions in the place of anything; bodies of requests have none.
    expression = {"definitions": {"expression": {"type": "string", "pattern": r"^\[[^\[]"}}}
    registry = referencing.Registry().with_resource(
        EXPRESSIONS, referencing.Resource.from_contents(expression, referencing.jsonschema.DRAFT4)
    )

    def check(kind, name, body):
        full_type = "Microsoft.MachineLearningServices/" + kind.replace("_", "/")
        resource = body | {"name": name, "type": full_type, "apiVersion": "2026-05-01"}
        wanted = schema | {"$ref": f"#/resourceDefinitions/{kind}"}
        validator = jsonschema.Draft4Validator(wanted, registry=registry)
        return [f"{one.json_path}: {one.message}" for one in validator.iter_errors(resource)]

    return check
