//! The messages of `flyteidl.admin` and `flyteidl.service` that the sandbox reads and writes.

use super::schema::{Field, Kind, Message};

macro_rules! message {
    ($(#[$doc:meta])* $constant:ident, $name:literal, [$($field:expr),* $(,)?]) => {
        $(#[$doc])*
        pub(crate) static $constant: Message = Message { name: $name, fields: &[$($field),*] };
    };
}

/// What can be set for a scope, in the order of their numbers.
pub(crate) const RESOURCE_TYPES: &[&str] = &[
    "TASK_RESOURCE",
    "CLUSTER_RESOURCE",
    "EXECUTION_QUEUE",
    "EXECUTION_CLUSTER_LABEL",
    "QUALITY_OF_SERVICE_SPECIFICATION",
    "PLUGIN_OVERRIDE",
    "WORKFLOW_EXECUTION_CONFIG",
    "CLUSTER_ASSIGNMENT",
];

/// Where a project is in its life, in the order of their numbers.
pub(crate) const PROJECT_STATES: &[&str] = &["ACTIVE", "ARCHIVED", "SYSTEM_GENERATED", "SYSTEM_ARCHIVED"];

const RESOURCE_TYPE: Field = Field::new("resource_type", Kind::Enum(RESOURCE_TYPES));

message!(
    TASK_RESOURCE_SPEC,
    "flyteidl.admin.TaskResourceSpec",
    [
        Field::text("cpu"),
        Field::text("gpu"),
        Field::text("memory"),
        Field::text("storage"),
        Field::text("ephemeral_storage"),
    ]
);
message!(
    TASK_RESOURCE_ATTRIBUTES,
    "flyteidl.admin.TaskResourceAttributes",
    [Field::message("defaults", &TASK_RESOURCE_SPEC), Field::message("limits", &TASK_RESOURCE_SPEC),]
);
message!(
    CLUSTER_RESOURCE_ATTRIBUTES,
    "flyteidl.admin.ClusterResourceAttributes",
    [Field::new("attributes", Kind::TextMap)]
);
message!(EXECUTION_QUEUE_ATTRIBUTES, "flyteidl.admin.ExecutionQueueAttributes", [Field::text("tags").list()]);
message!(EXECUTION_CLUSTER_LABEL, "flyteidl.admin.ExecutionClusterLabel", [Field::text("value")]);
message!(
    QUALITY_OF_SERVICE_SPEC,
    "flyteidl.core.QualityOfServiceSpec",
    [Field::new("queueing_budget", Kind::Duration)]
);
message!(
    QUALITY_OF_SERVICE,
    "flyteidl.core.QualityOfService",
    [
        Field::new("tier", Kind::Enum(&["UNDEFINED", "HIGH", "MEDIUM", "LOW"])).one_of("designation"),
        Field::message("spec", &QUALITY_OF_SERVICE_SPEC).one_of("designation"),
    ]
);
message!(
    PLUGIN_OVERRIDE,
    "flyteidl.admin.PluginOverride",
    [
        Field::text("task_type"),
        Field::text("plugin_id").list(),
        Field::new("missing_plugin_behavior", Kind::Enum(&["FAIL", "USE_DEFAULT"])),
    ]
);
message!(PLUGIN_OVERRIDES, "flyteidl.admin.PluginOverrides", [Field::message("overrides", &PLUGIN_OVERRIDE).list()]);
message!(
    SECRET,
    "flyteidl.core.Secret",
    [
        Field::text("group"),
        Field::text("group_version"),
        Field::text("key"),
        Field::new("mount_requirement", Kind::Enum(&["ANY", "ENV_VAR", "FILE"])),
        Field::text("env_var"),
    ]
);
message!(
    OAUTH2_CLIENT,
    "flyteidl.core.OAuth2Client",
    [Field::text("client_id"), Field::message("client_secret", &SECRET)]
);
message!(
    IDENTITY,
    "flyteidl.core.Identity",
    [
        Field::text("iam_role"),
        Field::text("k8s_service_account"),
        Field::message("oauth2_client", &OAUTH2_CLIENT),
        Field::text("execution_identity"),
    ]
);
message!(
    OAUTH2_TOKEN_REQUEST,
    "flyteidl.core.OAuth2TokenRequest",
    [
        Field::text("name"),
        Field::new("type", Kind::Enum(&["CLIENT_CREDENTIALS"])),
        Field::message("client", &OAUTH2_CLIENT),
        Field::text("idp_discovery_endpoint"),
        Field::text("token_endpoint"),
    ]
);
message!(
    SECURITY_CONTEXT,
    "flyteidl.core.SecurityContext",
    [
        Field::message("run_as", &IDENTITY),
        Field::message("secrets", &SECRET).list(),
        Field::message("tokens", &OAUTH2_TOKEN_REQUEST).list(),
    ]
);
message!(RAW_OUTPUT_DATA_CONFIG, "flyteidl.admin.RawOutputDataConfig", [Field::text("output_location_prefix")]);
message!(LABELS, "flyteidl.admin.Labels", [Field::new("values", Kind::TextMap)]);
message!(ANNOTATIONS, "flyteidl.admin.Annotations", [Field::new("values", Kind::TextMap)]);
message!(KEY_VALUE_PAIR, "flyteidl.core.KeyValuePair", [Field::text("key"), Field::text("value")]);
message!(ENVS, "flyteidl.admin.Envs", [Field::message("values", &KEY_VALUE_PAIR).list()]);
message!(
    EXECUTION_ENV,
    "flyteidl.core.ExecutionEnv",
    [
        Field::text("name"),
        Field::text("type"),
        Field::new("extant", Kind::Struct).one_of("environment"),
        Field::new("spec", Kind::Struct).one_of("environment"),
        Field::text("version"),
    ]
);
message!(
    EXECUTION_ENV_ASSIGNMENT,
    "flyteidl.core.ExecutionEnvAssignment",
    [Field::text("node_ids").list(), Field::text("task_type"), Field::message("execution_env", &EXECUTION_ENV),]
);
message!(
    WORKFLOW_EXECUTION_CONFIG,
    "flyteidl.admin.WorkflowExecutionConfig",
    [
        Field::new("max_parallelism", Kind::Int32),
        Field::message("security_context", &SECURITY_CONTEXT),
        Field::message("raw_output_data_config", &RAW_OUTPUT_DATA_CONFIG),
        Field::message("labels", &LABELS),
        Field::message("annotations", &ANNOTATIONS),
        Field::new("interruptible", Kind::BoolValue),
        Field::new("overwrite_cache", Kind::Bool),
        Field::message("envs", &ENVS),
        Field::message("execution_env_assignments", &EXECUTION_ENV_ASSIGNMENT).list(),
    ]
);
message!(CLUSTER_ASSIGNMENT, "flyteidl.admin.ClusterAssignment", [Field::text("cluster_pool_name")]);
message!(
    MATCHING_ATTRIBUTES,
    "flyteidl.admin.MatchingAttributes",
    [
        Field::message("task_resource_attributes", &TASK_RESOURCE_ATTRIBUTES).one_of("target"),
        Field::message("cluster_resource_attributes", &CLUSTER_RESOURCE_ATTRIBUTES).one_of("target"),
        Field::message("execution_queue_attributes", &EXECUTION_QUEUE_ATTRIBUTES).one_of("target"),
        Field::message("execution_cluster_label", &EXECUTION_CLUSTER_LABEL).one_of("target"),
        Field::message("quality_of_service", &QUALITY_OF_SERVICE).one_of("target"),
        Field::message("plugin_overrides", &PLUGIN_OVERRIDES).one_of("target"),
        Field::message("workflow_execution_config", &WORKFLOW_EXECUTION_CONFIG).one_of("target"),
        Field::message("cluster_assignment", &CLUSTER_ASSIGNMENT).one_of("target"),
    ]
);

message!(
    PROJECT_ATTRIBUTES,
    "flyteidl.admin.ProjectAttributes",
    [Field::text("project"), Field::message("matching_attributes", &MATCHING_ATTRIBUTES), Field::text("org"),]
);
message!(
    PROJECT_DOMAIN_ATTRIBUTES,
    "flyteidl.admin.ProjectDomainAttributes",
    [
        Field::text("project"),
        Field::text("domain"),
        Field::message("matching_attributes", &MATCHING_ATTRIBUTES),
        Field::text("org"),
    ]
);
message!(
    WORKFLOW_ATTRIBUTES,
    "flyteidl.admin.WorkflowAttributes",
    [
        Field::text("project"),
        Field::text("domain"),
        Field::text("workflow"),
        Field::message("matching_attributes", &MATCHING_ATTRIBUTES),
        Field::text("org"),
    ]
);
message!(
    /// What an update asks, and what a read answers: the two have the same shape.
    WITH_PROJECT_ATTRIBUTES, "flyteidl.admin.ProjectAttributesUpdateRequest",
    [Field::message("attributes", &PROJECT_ATTRIBUTES)]
);
message!(
    WITH_PROJECT_DOMAIN_ATTRIBUTES,
    "flyteidl.admin.ProjectDomainAttributesUpdateRequest",
    [Field::message("attributes", &PROJECT_DOMAIN_ATTRIBUTES),]
);
message!(
    WITH_WORKFLOW_ATTRIBUTES,
    "flyteidl.admin.WorkflowAttributesUpdateRequest",
    [Field::message("attributes", &WORKFLOW_ATTRIBUTES),]
);
message!(
    /// What a read or a deletion asks. Those of the wider scopes lack the narrower fields, which come from the path anyway.
    PROJECT_ATTRIBUTES_REQUEST, "flyteidl.admin.ProjectAttributesDeleteRequest",
    [Field::text("project"), RESOURCE_TYPE, Field::text("org")]
);
message!(
    PROJECT_DOMAIN_ATTRIBUTES_REQUEST,
    "flyteidl.admin.ProjectDomainAttributesDeleteRequest",
    [Field::text("project"), Field::text("domain"), RESOURCE_TYPE, Field::text("org"),]
);
message!(
    WORKFLOW_ATTRIBUTES_REQUEST,
    "flyteidl.admin.WorkflowAttributesDeleteRequest",
    [Field::text("project"), Field::text("domain"), Field::text("workflow"), RESOURCE_TYPE, Field::text("org"),]
);
message!(LIST_MATCHABLE_REQUEST, "flyteidl.admin.ListMatchableAttributesRequest", [RESOURCE_TYPE, Field::text("org")]);
message!(
    MATCHABLE_CONFIGURATION,
    "flyteidl.admin.MatchableAttributesConfiguration",
    [
        Field::message("attributes", &MATCHING_ATTRIBUTES),
        Field::text("domain"),
        Field::text("project"),
        Field::text("workflow"),
        Field::text("launch_plan"),
        Field::text("org"),
    ]
);
message!(
    LIST_MATCHABLE_RESPONSE,
    "flyteidl.admin.ListMatchableAttributesResponse",
    [Field::message("configurations", &MATCHABLE_CONFIGURATION).list(),]
);

message!(DOMAIN, "flyteidl.admin.Domain", [Field::text("id"), Field::text("name")]);
message!(DOMAINS, "flyteidl.admin.GetDomainsResponse", [Field::message("domains", &DOMAIN).list()]);
message!(
    PROJECT,
    "flyteidl.admin.Project",
    [
        Field::text("id"),
        Field::text("name"),
        Field::message("domains", &DOMAIN).list(),
        Field::text("description"),
        Field::message("labels", &LABELS),
        Field::new("state", Kind::Enum(PROJECT_STATES)),
        Field::text("org"),
    ]
);
message!(PROJECTS, "flyteidl.admin.Projects", [Field::message("projects", &PROJECT).list(), Field::text("token")]);
message!(PROJECT_REGISTER_REQUEST, "flyteidl.admin.ProjectRegisterRequest", [Field::message("project", &PROJECT)]);
message!(PROJECT_GET_REQUEST, "flyteidl.admin.ProjectGetRequest", [Field::text("id"), Field::text("org")]);
message!(
    SORT,
    "flyteidl.admin.Sort",
    [Field::text("key"), Field::new("direction", Kind::Enum(&["DESCENDING", "ASCENDING"])),]
);
message!(
    PROJECT_LIST_REQUEST,
    "flyteidl.admin.ProjectListRequest",
    [
        Field::new("limit", Kind::Uint32),
        Field::text("token"),
        Field::text("filters"),
        Field::message("sort_by", &SORT),
        Field::text("org"),
    ]
);
message!(VERSION, "flyteidl.admin.Version", [Field::text("Build"), Field::text("Version"), Field::text("BuildTime")]);
message!(
    GET_VERSION_RESPONSE,
    "flyteidl.admin.GetVersionResponse",
    [Field::message("control_plane_version", &VERSION)]
);
message!(
    /// What nothing is said with.
    EMPTY, "google.protobuf.Empty", []
);

message!(
    OAUTH2_METADATA,
    "flyteidl.service.OAuth2MetadataResponse",
    [
        Field::text("issuer"),
        Field::text("authorization_endpoint"),
        Field::text("token_endpoint"),
        Field::text("response_types_supported").list(),
        Field::text("scopes_supported").list(),
        Field::text("token_endpoint_auth_methods_supported").list(),
        Field::text("jwks_uri"),
        Field::text("code_challenge_methods_supported").list(),
        Field::text("grant_types_supported").list(),
        Field::text("device_authorization_endpoint"),
    ]
);
message!(
    CLIENT_CONFIG,
    "flyteidl.service.PublicClientAuthConfigResponse",
    [
        Field::text("client_id"),
        Field::text("redirect_uri"),
        Field::text("scopes").list(),
        Field::text("authorization_metadata_key"),
        Field::text("service_http_endpoint"),
        Field::text("audience"),
    ]
);
