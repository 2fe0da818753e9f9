"""Flyte 2's own protobuf classes, and its client and command, against the settings service of the sandbox."""

import gzip
import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest
import yaml
from flyteidl2.project import project_service_pb2
from flyteidl2.settings import settings_definition_pb2, settings_service_pb2
from google.protobuf import json_format

Settings = settings_definition_pb2.Settings
Key = settings_definition_pb2.SettingsKey
SERVICE = "/flyteidl2.settings.SettingsService/"
PROJECTS = "/flyteidl2.project.ProjectService/"
VISION = {"domain": "production", "project": "vision"}
# What Flyte 2 of August 2026 doesn't know, and discards.
NEWER = {"default_accelerator", "app_dns_strategy"}
# As cloudgrant marks what is its own.
MARK = "cloudgrant.acme.0123456789abcdef/service-account"
MARKED = "vision/production=tasks arn:aws:iam::111122223333:role/acme"
CODECS = ["json", "proto"]


def call(flyte, path, request, answer, codec="proto", status=200, packed=False):
    """A call with Flyte's own message of the request, and its answer, or the error where another status is expected."""
    sent = request.SerializeToString() if codec == "proto" else json_format.MessageToJson(request).encode()
    headers = {"Content-Type": f"application/{codec}", "Connect-Protocol-Version": "1"}
    if packed:
        sent, headers = gzip.compress(sent), {**headers, "Content-Encoding": "gzip", "Accept-Encoding": "gzip"}
    code, got, encoding = flyte.exchange("POST", path, sent, headers)
    got = gzip.decompress(got) if encoding == "gzip" else got
    assert (code, encoding == "gzip") == (status, packed), got
    if status != 200:
        return json.loads(got)
    if codec == "proto":
        answer.ParseFromString(got)
        return answer
    # Strictly: a field that Flyte doesn't know is refused. It is what protobuf itself writes.
    json_format.Parse(got, answer)
    assert json.loads(got) == json_format.MessageToDict(answer)
    return answer


def levels(flyte, codec="proto", packed=False, **key):
    request = settings_service_pb2.GetSettingsForEditRequest(key=Key(**key))
    answer = settings_service_pb2.GetSettingsForEditResponse()
    return call(flyte, SERVICE + "GetSettingsForEdit", request, answer, codec, packed=packed)


def create(flyte, settings, codec="proto", status=200, **key):
    request = settings_service_pb2.CreateSettingsRequest(key=Key(**key), settings=settings)
    return call(flyte, SERVICE + "CreateSettings", request, settings_service_pb2.CreateSettingsResponse(), codec, status)


def update(flyte, settings, version, codec="proto", status=200, **key):
    request = settings_service_pb2.UpdateSettingsRequest(key=Key(**key), settings=settings, version=version)
    return call(flyte, SERVICE + "UpdateSettings", request, settings_service_pb2.UpdateSettingsResponse(), codec, status)


def fill(message, values):
    """Sets each setting that Flyte's own message has, whatever it is called."""
    filled = 0
    for field in message.DESCRIPTOR.fields:
        if field.name in NEWER:
            continue
        inner = getattr(message, field.name)
        if not field.message_type.name.endswith("Setting"):
            filled += fill(inner, values)
            continue
        inner.state = next(values)
        if inner.state == settings_definition_pb2.SETTING_STATE_VALUE:
            (value,) = (one for one in inner.DESCRIPTOR.fields if one.name.endswith("_value"))
            if value.name == "map_value":
                inner.map_value.entries.update({"a/b": "é \"'", "empty": ""})
            else:
                text = "2" if value.name == "quantity_value" else f"{field.name} é"
                setattr(inner, value.name, {"int_value": 2**40 // 2**10, "bool_value": True}.get(value.name, text))
        filled += 1
    return filled


def states(first):
    while True:
        yield first % 3
        first += 1


@pytest.mark.parametrize("written", CODECS)
@pytest.mark.parametrize("first", [0, 1, 2])
def test_every_setting_comes_back_as_it_was_sent_in_either_form(serve, written, first):
    flyte = serve(projects=["vision"])
    settings = Settings()
    assert fill(settings, states(first)) >= 18
    made = create(flyte, settings, written, **VISION).settingsRecord
    assert (made.settings, made.version, made.key) == (settings, 1, Key(**VISION))
    for codec in CODECS:
        found = levels(flyte, codec, packed=True, **VISION)
        assert found.requestedKey == Key(**VISION)
        assert [level.version for level in found.levels] == [0, 0, 1]
        assert found.levels[2].settings == settings
        assert found.levels[1].key == Key(domain="production")


@pytest.mark.parametrize("codec", CODECS)
def test_versions_are_locks_and_errors_have_their_names(serve, codec):
    flyte = serve(projects=["vision"])
    empty = Settings()
    error = update(flyte, empty, 0, codec, 400, **VISION)
    assert (error["code"], "a version is required" in error["message"]) == ("invalid_argument", True)
    assert update(flyte, empty, 1, codec, 400, **VISION)["code"] == "failed_precondition"
    assert create(flyte, empty, codec, **VISION).settingsRecord.version == 1
    assert create(flyte, empty, codec, 409, **VISION)["code"] == "already_exists"
    assert update(flyte, empty, 1, codec, **VISION).settingsRecord.version == 2
    assert update(flyte, empty, 1, codec, 400, **VISION)["code"] == "failed_precondition"
    assert create(flyte, empty, codec, 400, project="vision")["code"] == "invalid_argument"


@pytest.mark.parametrize("codec", CODECS)
def test_projects_are_flyte_s(serve, codec):
    flyte = serve(projects=["speech", "vision"], domains=[{"id": "prod", "name": "production"}])
    request = project_service_pb2.ListProjectsRequest(limit=1)
    listed = call(flyte, PROJECTS + "ListProjects", request, project_service_pb2.ListProjectsResponse(), codec).projects
    (one,) = listed.projects
    assert (one.id, [(d.id, d.name) for d in one.domains], listed.token) == ("speech", [("prod", "production")], "1")
    request = project_service_pb2.UpdateProjectRequest(project={"id": "speech", "state": 1})
    call(flyte, PROJECTS + "UpdateProject", request, project_service_pb2.UpdateProjectResponse(), codec)
    request = project_service_pb2.ListProjectsRequest(filters="gte(state,0)")
    listed = call(flyte, PROJECTS + "ListProjects", request, project_service_pb2.ListProjectsResponse(), codec).projects
    assert [(one.id, one.state) for one in listed.projects] == [("speech", 1), ("vision", 0)]


@pytest.fixture
def command(tmp_path):
    """Flyte's own command, in a home of its own."""

    def run(flyte, *words, code=0):
        config = tmp_path / "config.yaml"
        admin = {"endpoint": "dns:///" + flyte.base.removeprefix("http://"), "insecure": True}
        config.write_text(yaml.safe_dump({"admin": admin}))
        program = pathlib.Path(sys.executable).with_name("flyte")
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "FLYTECTL_CONFIG": str(config), "COLUMNS": "300", "NO_COLOR": "1"}
        done = subprocess.run([program, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
        # The threads of its client may abort an interpreter that ends while they run: what was to be done is done by then, and told.
        was_done = "\N{CHECK MARK}" in done.stdout and done.returncode == -signal.SIGABRT
        assert done.returncode == code or (code == 0 and was_done), done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def test_flyte_s_command_edits_settings_and_keeps_what_is_in_the_file(serve, command, tmp_path):
    flyte = serve(projects=["vision"], services="settings")
    scope = ["--domain", "production", "--project", "vision"]
    account = settings_definition_pb2.StringSetting(state=2, string_value="tasks")
    marked = settings_definition_pb2.StringMapSetting(state=2, map_value={"entries": {MARK: MARKED, "team": "a"}})
    create(flyte, Settings(security={"service_account": account}, annotations=marked), **VISION)
    # As cloudgrant says that it would be done by hand: all of it comes back, the mark as well.
    command(flyte, "get", "settings", *scope, "--to-file", "settings.yaml")
    file = tmp_path / "settings.yaml"
    read = yaml.safe_load(file.read_text())
    assert read == {"security.service_account": "tasks", "annotations": {MARK: MARKED, "team": "a"}}
    file.write_text(file.read_text() + "\nrun.default_queue: gpu\ntask_resource.min.cpu: 500m\nlabels: ~unset\n")
    command(flyte, "edit", "settings", *scope, "--from-file", "settings.yaml")
    level = levels(flyte, **VISION).levels[2]
    assert (level.version, level.settings.security.service_account, level.settings.annotations) == (2, account, marked)
    assert level.settings.run.default_queue.string_value == "gpu"
    assert (level.settings.labels.state, level.settings.task_resource.min.cpu.quantity_value) == (1, "500m")
    # A scope without a record is made, and inherited settings are told as such.
    file.write_text("security.service_account: of-domain\n")
    command(flyte, "edit", "settings", "--domain", "production", "--from-file", "settings.yaml")
    assert levels(flyte, domain="production").levels[1].version == 1
    file.write_text("{}\n")
    command(flyte, "edit", "settings", *scope, "--from-file", "settings.yaml")
    told = command(flyte, "get", "settings", *scope)
    assert "of-domain" in told and "DOMAIN(production)" in told, told
    assert levels(flyte, **VISION).levels[2].settings == Settings()


def test_what_the_service_refuses_flyte_s_command_tells(serve, command, tmp_path):
    flyte = serve(projects=["vision"], services="settings")
    file = tmp_path / "settings.yaml"
    for text, part in [("task_resource.min.cpu: two\n", "invalid task_resource.min.cpu"), ("security.colour: red\n", "unknown settings key")]:
        file.write_text(text)
        said = command(flyte, "edit", "settings", "--domain", "production", "--from-file", "settings.yaml", code=1)
        assert part in said, said
    assert levels(flyte, domain="production").levels[1].version == 0


def test_flyte_s_client_is_outrun_as_cloudgrant_is(serve):
    flyte = serve(projects=["vision"], services="settings")
    script = """
import os, sys, flyte, flyte.remote as remote
flyte.init(endpoint=sys.argv[1], insecure=True)
scope = dict(domain="production", project="vision")
first, second = (remote.Settings.get_settings_for_edit(**scope) for _ in range(2))
first.update_settings({"run.default_queue": "first"})
for late in [second, second]:
    try:
        late.update_settings({"run.default_queue": "second"})
    except Exception as error:
        print(error)
    else:
        raise SystemExit("it was not refused")
first.update_settings({"run.default_queue": "again"})
sys.stdout.flush()
os._exit(0)
"""
    endpoint = "dns:///" + flyte.base.removeprefix("http://")
    done = subprocess.run([sys.executable, "-c", script, endpoint], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "already exists" in done.stdout, done.stdout + done.stderr
    level = levels(flyte, **VISION).levels[2]
    assert (level.version, level.settings.run.default_queue.string_value) == (2, "again")
