"""Flyte's own protobuf classes make each request of the sandbox and read each answer, strictly."""

import base64
import json
import urllib.parse

import pytest
from flyteidl.admin import (
    matchable_resource_pb2,
    project_attributes_pb2,
    project_domain_attributes_pb2,
    project_pb2,
    version_pb2,
    workflow_attributes_pb2,
)
from flyteidl.core import security_pb2
from flyteidl.service import auth_pb2
from google.protobuf import json_format, struct_pb2
from google.rpc import status_pb2

Matching = matchable_resource_pb2.MatchingAttributes
Type = matchable_resource_pb2.MatchableResource
SPELLINGS = [True, False]
CLUSTER = {"defaultIamRole": "arn:aws:iam::111122223333:role/acme-vision", "projectQuotaCpu": "5", "snake_case": "é \"'"}


def text(message, proto_names=True):
    return json_format.MessageToJson(message, preserving_proto_field_name=proto_names, indent=None)


def set_only(value):
    """Without what is null: so the gateway writes messages that aren't set, which protobuf's Python leaves out."""
    if isinstance(value, dict):
        return {name: set_only(inner) for name, inner in value.items() if inner is not None}
    return [set_only(inner) for inner in value] if isinstance(value, list) else value


def read(answer, message, status=200, proto_names=True):
    """An answer as a message: unknown fields are refused. It is what protobuf itself writes, empty fields included."""
    code, body = answer
    assert code == status, body
    json_format.Parse(body, message)
    written = json_format.MessageToDict(
        message, preserving_proto_field_name=proto_names, always_print_fields_with_no_presence=True
    )
    assert set_only(json.loads(body)) == written
    return message


def refused(answer, status, code, part):
    error = read(answer, status_pb2.Status(), status)
    assert (error.code, part in error.message) == (code, True), error
    return error


def attributes():
    """One of each type that can be set, by that type."""
    config = matchable_resource_pb2.WorkflowExecutionConfig(
        max_parallelism=3,
        security_context=security_pb2.SecurityContext(
            run_as=security_pb2.Identity(iam_role="r", k8s_service_account="s"),
            secrets=[security_pb2.Secret(group="g", key="k", mount_requirement="FILE")],
        ),
        overwrite_cache=True,
    )
    config.interruptible.value = False
    config.labels.values["a"] = "b"
    environment = config.execution_env_assignments.add(node_ids=["n"], task_type="t").execution_env
    environment.spec.CopyFrom(json_format.ParseDict({"any": [1, None, {"thing": "x"}]}, struct_pb2.Struct()))
    spec = matchable_resource_pb2.TaskResourceSpec(cpu="1", memory="1Gi", ephemeral_storage="2Gi")
    task = matchable_resource_pb2.TaskResourceAttributes(limits=spec)
    override = matchable_resource_pb2.PluginOverride(task_type="t", plugin_id=["p"], missing_plugin_behavior="USE_DEFAULT")
    cluster = matchable_resource_pb2.ClusterResourceAttributes(attributes=CLUSTER)
    label = matchable_resource_pb2.ExecutionClusterLabel(value="a")
    queue = matchable_resource_pb2.ExecutionQueueAttributes(tags=["a", "b"])
    plugins = matchable_resource_pb2.PluginOverrides(overrides=[override])
    return {
        "TASK_RESOURCE": Matching(task_resource_attributes=task),
        "CLUSTER_RESOURCE": Matching(cluster_resource_attributes=cluster),
        "EXECUTION_QUEUE": Matching(execution_queue_attributes=queue),
        "EXECUTION_CLUSTER_LABEL": Matching(execution_cluster_label=label),
        "PLUGIN_OVERRIDE": Matching(plugin_overrides=plugins),
        "WORKFLOW_EXECUTION_CONFIG": Matching(workflow_execution_config=config),
        "CLUSTER_ASSIGNMENT": Matching(cluster_assignment={"cluster_pool_name": "a"}),
    }


# The message module and the names of its level, the path, and the fields of a place.
LEVELS = {
    "project": (project_attributes_pb2, "ProjectAttributes", {"project": "vision"}),
    "pair": (project_domain_attributes_pb2, "ProjectDomainAttributes", {"project": "vision", "domain": "production"}),
    "workflow": (
        workflow_attributes_pb2,
        "WorkflowAttributes",
        {"project": "vision", "domain": "production", "workflow": "train.main"},
    ),
}
PATHS = {"project": "project_attributes", "pair": "project_domain_attributes", "workflow": "workflow_attributes"}


@pytest.mark.parametrize("proto_names", SPELLINGS)
@pytest.mark.parametrize("level", LEVELS)
def test_attributes_of_every_type_come_back_as_they_were_sent(serve, level, proto_names):
    flyte = serve(projects=["vision"])
    module, name, place = LEVELS[level]
    path = "/".join(["/api/v1", PATHS[level], *place.values()])
    Update, Updated = getattr(module, f"{name}UpdateRequest"), getattr(module, f"{name}UpdateResponse")
    Got = getattr(module, f"{name}GetResponse")
    Delete, Deleted = getattr(module, f"{name}DeleteRequest"), getattr(module, f"{name}DeleteResponse")
    for kind, matching in attributes().items():
        if (level, kind) == ("project", "PLUGIN_OVERRIDE"):
            continue
        update = Update(attributes={**place, "matching_attributes": matching})
        read(flyte.send("PUT", path, text(update, proto_names)), Updated())
        found = read(flyte.send("GET", f"{path}?resource_type={kind}"), Got()).attributes
        assert found.matching_attributes == matching
        assert {field: getattr(found, field) for field in place} == place
        by_number = read(flyte.send("GET", f"{path}?resourceType={Type.Value(kind)}"), Got())
        assert by_number.attributes == found
        listed = flyte.send("GET", f"/api/v1/matchable_attributes?resource_type={kind}")
        (one,) = read(listed, matchable_resource_pb2.ListMatchableAttributesResponse()).configurations
        assert (one.attributes, one.project, one.launch_plan) == (matching, "vision", "")
        read(flyte.send("DELETE", path, text(Delete(**place, resource_type=kind), proto_names)), Deleted())
        if (level, kind) != ("project", "WORKFLOW_EXECUTION_CONFIG"):
            refused(flyte.send("GET", f"{path}?resource_type={kind}"), 404, 5, "not found")


def test_without_headers_the_gateway_s_own_spelling_is_readable_too(serve):
    flyte = serve(projects=["vision"])
    path = "/api/v1/project_domain_attributes/vision/production"
    body = {"attributes": {"matching_attributes": attributes()["CLUSTER_RESOURCE"]}}
    update = project_domain_attributes_pb2.ProjectDomainAttributesUpdateRequest(**body)
    assert flyte.send("PUT", path, text(update))[0] == 200
    status, answer = flyte.send("GET", f"{path}?resource_type=CLUSTER_RESOURCE", headers={})
    assert "matchingAttributes" in answer
    found = read((status, answer), project_domain_attributes_pb2.ProjectDomainAttributesGetResponse(), proto_names=False)
    assert dict(found.attributes.matching_attributes.cluster_resource_attributes.attributes) == CLUSTER


@pytest.mark.parametrize("proto_names", SPELLINGS)
def test_projects_domains_and_the_version(serve, proto_names):
    flyte = serve(projects=["vision"], domains=[{"id": "prod", "name": "production"}])
    project = project_pb2.Project(id="speech", name="Speech", description="sounds", state="ACTIVE")
    project.labels.values["team"] = "a"
    register = project_pb2.ProjectRegisterRequest(project=project)
    read(flyte.send("POST", "/api/v1/projects", text(register, proto_names)), project_pb2.ProjectRegisterResponse())
    refused(flyte.send("POST", "/api/v1/projects", text(register, proto_names)), 409, 6, "already exists")
    found = read(flyte.send("GET", "/api/v1/projects/speech"), project_pb2.Project())
    project.domains.add(id="prod", name="production")
    assert found == project
    page = read(flyte.send("GET", "/api/v1/projects?limit=1&filters=ne(state,1)"), project_pb2.Projects())
    assert ([one.id for one in page.projects], page.token) == (["speech"], "1")
    archived = project_pb2.Project(id="speech", state="ARCHIVED")
    read(flyte.send("PUT", "/api/v1/projects/speech", text(archived, proto_names)), project_pb2.ProjectUpdateResponse())
    page = read(flyte.send("GET", "/api/v1/projects?limit=100&filters=ne(state,1)"), project_pb2.Projects())
    assert [one.id for one in page.projects] == ["vision"]
    domains = read(flyte.send("GET", "/api/v1/domains"), project_pb2.GetDomainsResponse()).domains
    assert [(one.id, one.name) for one in domains] == [("prod", "production")]
    version = read(flyte.send("GET", "/api/v1/version"), version_pb2.GetVersionResponse())
    assert version.control_plane_version.Version


def test_an_inactive_project_is_told_in_the_details(serve):
    flyte = serve(projects=["vision"])
    flyte.send("PUT", "/api/v1/projects/vision", text(project_pb2.Project(state="ARCHIVED")))
    answer = flyte.send("GET", "/api/v1/project_domain_attributes/vision/production?resource_type=1")
    inactive = project_pb2.InactiveProject()
    assert refused(answer, 400, 3, "is not active").details[0].Unpack(inactive)
    assert inactive.id == "vision"


def test_what_protobuf_refuses_the_sandbox_refuses(serve):
    flyte = serve(projects=["vision"])
    path = "/api/v1/project_domain_attributes/vision/production"
    cluster = '{"attributes": {"matching_attributes": {"cluster_resource_attributes": %s}}}'
    for body in [
        '{"colour": "red"}',
        '{"attributes": {"project": 5}}',
        '{"attributes": {"org": "a", "org": "b"}}',
        cluster % '{"attributes": {"a": 1}}',
        cluster % '{"attributes": {"a": null}}',
        cluster % '{"attributes": []}',
        cluster % '{"attributes": {}}, "cluster_assignment": {}',
        '{"attributes": {"matching_attributes": {"quality_of_service": {"tier": "HIGHEST"}}}}',
        '{"attributes": {"matching_attributes": {"workflow_execution_config": {"max_parallelism": 1.5}}}}',
        "{",
    ]:
        with pytest.raises(json_format.ParseError):
            json_format.Parse(body, project_domain_attributes_pb2.ProjectDomainAttributesUpdateRequest())
        refused(flyte.send("PUT", path, body), 400, 3, "proto:")


def test_signing_in(serve):
    flyte = serve(sign_in={"client": {"id": "me", "secret": "a:b%"}})
    metadata = read(flyte.send("GET", "/.well-known/oauth-authorization-server"), auth_pb2.OAuth2MetadataResponse())
    config = read(flyte.send("GET", "/config/v1/flyte_client"), auth_pb2.PublicClientAuthConfigResponse())
    assert metadata.token_endpoint == f"{flyte.base}/oauth2/token"
    refused(flyte.send("GET", "/api/v1/domains"), 401, 16, "token parse error")
    # RFC 6749, section 2.3.1.
    basic = base64.b64encode(f"me:{urllib.parse.quote_plus('a:b%')}".encode()).decode()
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": " ".join(config.scopes)})
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    status, answer = flyte.send("POST", "/oauth2/token", form, headers)
    assert status == 200, answer
    token = {config.authorization_metadata_key: f"Bearer {json.loads(answer)['access_token']}"}
    read(flyte.send("GET", "/api/v1/domains", headers={**token, "Accept": "application/json"}), project_pb2.GetDomainsResponse())
