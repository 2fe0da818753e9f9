//! The messages of `flyteidl2.settings`, `flyteidl2.project` and `flyteidl2.auth` that the sandbox reads and writes.
//!
//! Source: flyteorg/flyte, branch `main` of August 2026: `flyteidl2/settings/settings_definition.proto` and `settings_service.proto`,
//! `flyteidl2/project/project_service.proto`, `flyteidl2/auth/auth_service.proto`.

use super::schema::{Field, Kind, Message};

macro_rules! message {
    ($(#[$doc:meta])* $constant:ident, $name:literal, [$($field:expr),* $(,)?]) => {
        $(#[$doc])*
        pub(crate) static $constant: Message = Message { name: $name, fields: &[$($field),*] };
    };
}

/// What a setting does at a scope, in the order of the numbers.
pub(crate) const STATES: &[&str] = &["SETTING_STATE_INHERIT", "SETTING_STATE_UNSET", "SETTING_STATE_VALUE"];
const LEVELS: &[&str] = &["SCOPE_LEVEL_ORG", "SCOPE_LEVEL_DOMAIN", "SCOPE_LEVEL_PROJECT"];
const PROJECT_STATES: &[&str] = &[
    "PROJECT_STATE_ACTIVE",
    "PROJECT_STATE_ARCHIVED",
    "PROJECT_STATE_SYSTEM_GENERATED",
    "PROJECT_STATE_SYSTEM_ARCHIVED",
];
/// How the names of a project's states begin here, and not in `flyteidl.admin`.
pub(crate) const STATE_PREFIX: &str = "PROJECT_STATE_";

const STATE: Field = Field::new("state", Kind::Enum(STATES)).at(1);
const LEVEL: Field = Field::new("scope_level", Kind::Enum(LEVELS)).at(3);

message!(STRING_MAP, "flyteidl2.settings.StringMap", [Field::new("entries", Kind::TextMap).at(1)]);
message!(STRING_SETTING, "flyteidl2.settings.StringSetting", [STATE, Field::text("string_value").at(2), LEVEL]);
message!(INT64_SETTING, "flyteidl2.settings.Int64Setting", [STATE, Field::new("int_value", Kind::Int64).at(2), LEVEL]);
message!(BOOL_SETTING, "flyteidl2.settings.BoolSetting", [STATE, Field::new("bool_value", Kind::Bool).at(2), LEVEL]);
message!(
    STRING_MAP_SETTING,
    "flyteidl2.settings.StringMapSetting",
    [STATE, Field::message("map_value", &STRING_MAP).at(2), LEVEL]
);
message!(QUANTITY_SETTING, "flyteidl2.settings.QuantitySetting", [STATE, Field::text("quantity_value").at(2), LEVEL]);
message!(
    RUN_SETTINGS,
    "flyteidl2.settings.RunSettings",
    [
        Field::message("default_queue", &STRING_SETTING).at(1),
        Field::message("max_action_concurrency", &INT64_SETTING).at(2),
        Field::message("run_base_dir", &STRING_SETTING).at(3),
    ]
);
message!(
    SECURITY_SETTINGS,
    "flyteidl2.settings.SecuritySettings",
    [Field::message("service_account", &STRING_SETTING).at(1)]
);
message!(
    STORAGE_SETTINGS,
    "flyteidl2.settings.StorageSettings",
    [Field::message("raw_data_path", &STRING_SETTING).at(1)]
);
message!(
    TASK_RESOURCE_DEFAULTS,
    "flyteidl2.settings.TaskResourceDefaults",
    [
        Field::message("cpu", &QUANTITY_SETTING).at(1),
        Field::message("gpu", &QUANTITY_SETTING).at(2),
        Field::message("memory", &QUANTITY_SETTING).at(3),
        Field::message("storage", &QUANTITY_SETTING).at(4),
    ]
);
message!(
    TASK_RESOURCE_SETTINGS,
    "flyteidl2.settings.TaskResourceSettings",
    [
        Field::message("min", &TASK_RESOURCE_DEFAULTS).at(1),
        Field::message("max", &TASK_RESOURCE_DEFAULTS).at(2),
        Field::message("mirror_limits_request", &BOOL_SETTING).at(3),
    ]
);
message!(APP_SETTINGS, "flyteidl2.settings.AppSettings", [Field::message("disallow_anonymous", &BOOL_SETTING).at(1)]);
message!(
    SETTINGS,
    "flyteidl2.settings.Settings",
    [
        Field::message("run", &RUN_SETTINGS).at(1),
        Field::message("security", &SECURITY_SETTINGS).at(2),
        Field::message("storage", &STORAGE_SETTINGS).at(3),
        Field::message("task_resource", &TASK_RESOURCE_SETTINGS).at(4),
        Field::message("labels", &STRING_MAP_SETTING).at(5),
        Field::message("annotations", &STRING_MAP_SETTING).at(6),
        Field::message("environment_variables", &STRING_MAP_SETTING).at(7),
        Field::message("app", &APP_SETTINGS).at(8),
        Field::message("pod_template_name", &STRING_SETTING).at(9),
    ]
);
message!(
    SETTINGS_KEY,
    "flyteidl2.settings.SettingsKey",
    [Field::text("org").at(1), Field::text("domain").at(2), Field::text("project").at(3)]
);
message!(
    SETTINGS_RECORD,
    "flyteidl2.settings.SettingsRecord",
    [
        Field::message("key", &SETTINGS_KEY).at(1),
        Field::message("settings", &SETTINGS).at(2),
        Field::new("version", Kind::Uint64).at(3),
    ]
);
message!(
    /// Of `GetSettings` and of `GetSettingsForEdit`.
    GET_REQUEST,
    "flyteidl2.settings.GetSettingsForEditRequest",
    [Field::message("key", &SETTINGS_KEY).at(1)]
);
message!(
    GET_FOR_EDIT_RESPONSE,
    "flyteidl2.settings.GetSettingsForEditResponse",
    [Field::message("requestedKey", &SETTINGS_KEY).at(1), Field::message("levels", &SETTINGS_RECORD).list().at(2),]
);
message!(
    /// Of `UpdateSettings`, and without a version of `CreateSettings`.
    UPDATE_REQUEST,
    "flyteidl2.settings.UpdateSettingsRequest",
    [
        Field::message("key", &SETTINGS_KEY).at(1),
        Field::message("settings", &SETTINGS).at(2),
        Field::new("version", Kind::Uint64).at(3),
    ]
);
message!(
    CREATE_REQUEST,
    "flyteidl2.settings.CreateSettingsRequest",
    [Field::message("key", &SETTINGS_KEY).at(1), Field::message("settings", &SETTINGS).at(2)]
);
message!(
    /// Of `CreateSettings` and of `UpdateSettings`.
    WRITE_RESPONSE,
    "flyteidl2.settings.UpdateSettingsResponse",
    [Field::message("settingsRecord", &SETTINGS_RECORD).at(1)]
);
message!(DOMAIN, "flyteidl2.project.Domain", [Field::text("id").at(1), Field::text("name").at(2)]);
message!(LABELS, "flyteidl2.task.Labels", [Field::new("values", Kind::TextMap).at(1)]);
message!(
    PROJECT,
    "flyteidl2.project.Project",
    [
        Field::text("id").at(1),
        Field::text("name").at(2),
        Field::message("domains", &DOMAIN).list().at(3),
        Field::text("description").at(4),
        Field::message("labels", &LABELS).at(5),
        Field::new("state", Kind::Enum(PROJECT_STATES)).at(6),
        Field::text("org").at(7),
    ]
);
message!(
    PROJECTS,
    "flyteidl2.project.Projects",
    [Field::message("projects", &PROJECT).list().at(1), Field::text("token").at(2)]
);
message!(
    /// Of `CreateProject` and of `UpdateProject`, and the answer to `GetProject`.
    WITH_PROJECT,
    "flyteidl2.project.CreateProjectRequest",
    [Field::message("project", &PROJECT).at(1)]
);
message!(
    GET_PROJECT_REQUEST,
    "flyteidl2.project.GetProjectRequest",
    [Field::text("id").at(1), Field::text("org").at(2)]
);
message!(
    SORT,
    "flyteidl2.common.Sort",
    [Field::text("key").at(1), Field::new("direction", Kind::Enum(&["DESCENDING", "ASCENDING"])).at(2)]
);
message!(
    LIST_PROJECTS_REQUEST,
    "flyteidl2.project.ListProjectsRequest",
    [
        Field::new("limit", Kind::Uint32).at(1),
        Field::text("token").at(2),
        Field::text("filters").at(3),
        Field::message("sort_by", &SORT).at(4),
        Field::text("org").at(5),
    ]
);
message!(
    LIST_PROJECTS_RESPONSE,
    "flyteidl2.project.ListProjectsResponse",
    [Field::message("projects", &PROJECTS).at(1)]
);
message!(
    OAUTH2_METADATA,
    "flyteidl2.auth.GetOAuth2MetadataResponse",
    [
        Field::text("issuer").at(1),
        Field::text("authorization_endpoint").at(2),
        Field::text("token_endpoint").at(3),
        Field::text("response_types_supported").list().at(4),
        Field::text("scopes_supported").list().at(5),
        Field::text("token_endpoint_auth_methods_supported").list().at(6),
        Field::text("jwks_uri").at(7),
        Field::text("code_challenge_methods_supported").list().at(8),
        Field::text("grant_types_supported").list().at(9),
        Field::text("device_authorization_endpoint").at(10),
    ]
);
message!(
    CLIENT_CONFIG,
    "flyteidl2.auth.GetPublicClientConfigResponse",
    [
        Field::text("client_id").at(1),
        Field::text("redirect_uri").at(2),
        Field::text("scopes").list().at(3),
        Field::text("authorization_metadata_key").at(4),
        Field::text("service_http_endpoint").at(5),
        Field::text("audience").at(6),
        Field::text("dataplane_domain").at(7),
    ]
);
message!(EMPTY, "google.protobuf.Empty", []);
