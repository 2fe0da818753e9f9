"""What cloudgrant itself sends to control planes, read strictly by Flyte's own protobuf classes."""

import collections
import contextlib
import json
import os
import subprocess
import sys
import urllib.request

import pytest
import recorder
import served
from flyteidl.admin import matchable_resource_pb2, project_domain_attributes_pb2, project_pb2
from flyteidl2.project import project_service_pb2
from flyteidl2.settings import settings_service_pb2
from google.protobuf import json_format, message_factory

# Read before the environment is cleaned.
CLOUDGRANT = served.program()

MANIFEST = """\
version: 1
stack: acme
provider: aws
platform:
  kind: flyte
  projects: [forecasting, vision]
  domains: [development, production]
  delivery: {delivery}
{more}
aws:
  region: us-west-2
  account: "111122223333"
  cluster:
    oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE
resources:
  training-data:
    aws: s3://acme-training/inputs/
grants:
  - name: production
    scope: {{ domain: production }}
    access: {{ training-data: {level} }}
"""

PAIR = "/api/v1/project_domain_attributes/"
KEY = "defaultIamRole"


class Stack:
    """A manifest in its sandboxes, and all that is sent to its control plane."""

    def __init__(self, folder, environment, base, exchanges):
        self.folder = folder
        self.environment = environment
        self.base = base
        self.exchanges = exchanges

    def write(self, delivery, more="", level="read"):
        manifest = MANIFEST.format(delivery=delivery, more=more, level=level)
        (self.folder / served.MANIFEST).write_text(manifest)

    def run(self, *arguments, code=0):
        command = [str(CLOUDGRANT), *arguments, "--file", served.MANIFEST]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == code, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"

    def send(self, method, path, body):
        """Somebody else's request: it goes straight to the control plane, and isn't among the recorded ones."""
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.base + path, json.dumps(body).encode(), headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return json.loads(answer.read())


@pytest.fixture
def serve_stack(tmp_path, monkeypatch):
    """Serves the sandboxes of a manifest behind a recorder."""
    # Nobody's own settings or proxies.
    for name in list(os.environ):
        if name.startswith(("AWS_", "CLOUDGRANT_", "FLYTE", "UCTL_", "UNION")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    with contextlib.ExitStack() as running:

        def serve(delivery, more=""):
            stack = Stack(tmp_path, None, None, None)
            stack.write(delivery, more)
            exports = running.enter_context(served.sandboxes(CLOUDGRANT, tmp_path))
            stack.base = exports["FLYTE_PLATFORM_URL"]
            base, stack.exchanges = running.enter_context(recorder.recording(stack.base))
            stack.environment = os.environ | exports | {"FLYTE_PLATFORM_URL": base, "HOME": str(tmp_path)}
            return stack

        yield serve


def strictly(message, body):
    """A body as a message. A field that Flyte doesn't know is refused; all of the body is in the message, and says the same there."""
    json_format.Parse(body, message)
    said = json.loads(body)
    # Whoever writes a message may spell its fields in either way.
    spellings = [json_format.MessageToDict(message, preserving_proto_field_name=names) for names in (True, False)]
    assert said in spellings, (said, spellings)
    return message


def of_admin(exchange):
    """A request of the REST API as the message that the gateway makes of it."""
    if exchange.path.startswith(PAIR):
        project, domain = exchange.path.removeprefix(PAIR).split("/")
        messages = project_domain_attributes_pb2
        if exchange.method == "PUT":
            update = strictly(messages.ProjectDomainAttributesUpdateRequest(), exchange.body)
            attributes = update.attributes
            assert (attributes.project or project, attributes.domain or domain) == (project, domain)
            assert attributes.matching_attributes.WhichOneof("target") == "cluster_resource_attributes"
            return "update", dict(attributes.matching_attributes.cluster_resource_attributes.attributes)
        if exchange.method == "DELETE":
            delete = strictly(messages.ProjectDomainAttributesDeleteRequest(), exchange.body)
            assert (delete.project or project, delete.domain or domain) == (project, domain)
            # Without it, others' limits of tasks would go.
            assert delete.resource_type == matchable_resource_pb2.CLUSTER_RESOURCE
            return "delete", None
        get = json_format.ParseDict(exchange.query, messages.ProjectDomainAttributesGetRequest())
        assert get.resource_type == matchable_resource_pb2.CLUSTER_RESOURCE
        return "get", None
    assert (exchange.method, exchange.body) == ("GET", b""), exchange
    if exchange.path == "/api/v1/matchable_attributes":
        listed = json_format.ParseDict(exchange.query, matchable_resource_pb2.ListMatchableAttributesRequest())
        assert listed.resource_type == matchable_resource_pb2.CLUSTER_RESOURCE
    elif exchange.path == "/api/v1/projects":
        json_format.ParseDict(exchange.query, project_pb2.ProjectListRequest())
    else:
        # These take nothing.
        assert exchange.path in {"/api/v1/domains", "/api/v1/version"} or is_of_sign_in(exchange), exchange
        assert not exchange.query, exchange
    return exchange.path.rsplit("/", 1)[-1], None


def is_of_sign_in(exchange):
    return exchange.path in {"/.well-known/oauth-authorization-server", "/config/v1/flyte_client"}


def test_records_are_written_and_deleted_as_flyte_admin_reads_them(serve_stack):
    stack = serve_stack("admin")
    foreign = {"projectQuotaCpu": "5", "é \"'": "{{ }} \n"}
    body = {"attributes": {"matching_attributes": {"cluster_resource_attributes": {"attributes": foreign}}}}
    stack.send("PUT", f"{PAIR}vision/production", body)
    stack.run("apply", "--yes")
    stack.run("drift", "--exit-code")
    stack.run("revoke", "--all", "--yes")
    read = [of_admin(exchange) for exchange in stack.exchanges]
    counts = collections.Counter(what for what, _ in read)
    # Each of both pairs is written; what is others' stays in a record of its own, and the other record goes.
    assert (counts["update"], counts["delete"]) == (3, 1), counts
    assert counts["get"] and counts["matchable_attributes"] and counts["projects"], counts
    updates = [attributes for what, attributes in read if what == "update"]
    with_foreign = [attributes for attributes in updates if "projectQuotaCpu" in attributes]
    written, left = with_foreign
    assert foreign.items() <= written.items() and written[KEY].startswith("arn:aws:iam::111122223333:role/cloudgrant/")
    assert left == foreign
    refused = [exchange for exchange in stack.exchanges if exchange.status != 200 and not is_of_sign_in(exchange)]
    # What isn't there yet has no record.
    assert all((exchange.method, exchange.status) == ("GET", 404) for exchange in refused), refused


def of_connect(exchange):
    """A call as its message, whichever service it is of: the services say themselves what their methods take."""
    _, service, method = exchange.path.split("/")
    pools = {settings_service_pb2.DESCRIPTOR, project_service_pb2.DESCRIPTOR}
    services = {one.full_name: one for pool in pools for one in pool.services_by_name.values()}
    if service not in services:
        # How to sign in; whatever Flyte's services take there is empty.
        assert "auth" in service and json.loads(exchange.body) == {}, exchange
        return method, None
    assert exchange.content_type == "application/json", exchange
    message = message_factory.GetMessageClass(services[service].methods_by_name[method].input_type)()
    return method, strictly(message, exchange.body)


SCRIPT = """
import json, os, sys, flyte, flyte.remote as remote
flyte.init(endpoint=sys.argv[1], insecure=True)
settings = remote.Settings.get_settings_for_edit(**json.loads(sys.argv[2]))
print(json.dumps({one.key: one.value for one in settings.local_settings}, default=repr), flush=True)
# The threads of its client may abort an interpreter that ends while they run.
os._exit(0)
"""


def as_flyte_s_client_sees(stack, key):
    """The settings of a scope by Flyte's own classes for them."""
    command = [sys.executable, "-c", SCRIPT, "dns:///" + stack.base.removeprefix("http://"), json.dumps(key)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(stack.folder)}
    done = subprocess.run(command, env=environment, cwd=stack.folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


SETTINGS = "  service_account: '{project}-{domain}'"


def test_settings_are_written_as_the_settings_service_reads_them(serve_stack):
    stack = serve_stack("settings", SETTINGS)
    key = {"domain": "production", "project": "vision"}
    queue = {"defaultQueue": {"state": "SETTING_STATE_VALUE", "stringValue": "gpu"}}
    foreign = {"run": queue, "labels": {"state": "SETTING_STATE_UNSET"}}
    create = {"key": key, "settings": foreign}
    stack.send("POST", "/flyteidl2.settings.SettingsService/CreateSettings", create)
    stack.run("apply", "--yes")
    seen = as_flyte_s_client_sees(stack, key)
    assert (seen["security.service_account"], seen["run.default_queue"]) == ("vision-production", "gpu"), seen
    assert len(seen["annotations"]) == 1 and seen["labels"] == "UNSET", seen
    stack.run("drift", "--exit-code")
    stack.run("revoke", "--all", "--yes")
    calls = [of_connect(exchange) for exchange in stack.exchanges if exchange.method == "POST"]
    counts = collections.Counter(method for method, _ in calls)
    assert counts["CreateSettings"] == 1 and counts["UpdateSettings"] == 3, counts
    assert counts["GetSettingsForEdit"] and counts["ListProjects"], counts
    written = [message for method, message in calls if method in {"CreateSettings", "UpdateSettings"}]
    of_vision = [message for message in written if message.key.project == "vision"]
    told, taken_back = of_vision
    assert told.settings.security.service_account.string_value == "vision-production"
    (mark,) = told.settings.annotations.map_value.entries
    assert mark.startswith("cloudgrant.acme.")
    assert (told.version, taken_back.version) == (1, 2)
    for message in of_vision:
        assert message.settings.run.default_queue.string_value == "gpu"
        assert message.settings.labels.state == 1
    assert not taken_back.settings.security.service_account.string_value
    assert not taken_back.settings.annotations.map_value.entries
