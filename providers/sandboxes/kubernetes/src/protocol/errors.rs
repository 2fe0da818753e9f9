//! Errors as an API server answers them: objects of the kind `Status`.
//!
//! Source: "Kubernetes API Concepts", "API conventions" (Response Status Kind), and the recorded answers of a real server
//! in `tests/it/recorded.jsonl`.

use cloudgrant_sandbox_kit::SandboxError;
use serde_json::{Map, Value, json};

/// The result of carrying out a request.
pub(crate) type Answer<T> = Result<T, ApiError>;

/// An error that goes to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) code: u16,
    reason: Option<&'static str>,
    pub(crate) message: String,
    details: Option<Value>,
}

impl ApiError {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason: Some(reason), message: message.into(), details: None }
    }

    fn with(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// What Go code returns that made no `Status` of its error: 500, without a reason.
    pub(crate) fn unexpected(message: impl Into<String>) -> Self {
        Self { code: 500, reason: None, message: message.into(), details: None }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// A user may not do something with a resource. `name` is empty where it is about no object in particular.
    pub(crate) fn forbidden(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let kind = if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") };
        let message = match name {
            "" => format!("{kind} is forbidden: {why}"),
            name => format!("{kind} {name:?} is forbidden: {why}"),
        };
        Self::new(403, "Forbidden", message).with(named(name, group, resource))
    }

    /// A user may not ask for a path that is no resource's.
    pub(crate) fn forbidden_path(why: &str) -> Self {
        Self::new(403, "Forbidden", format!("forbidden: {why}")).with(json!({}))
    }

    /// The same as another refusal, with a cause.
    pub(crate) fn because(mut self, reason: &str, message: &str, field: &str) -> Self {
        if let Some(Value::Object(details)) = &mut self.details {
            details.insert("causes".to_owned(), json!([cause(reason, message, field)]));
        }
        self
    }

    pub(crate) fn not_found(resource: &str, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{resource} {name:?} not found")).with(named(name, "", resource))
    }

    /// There is no such resource in an API that there is.
    pub(crate) fn no_such_resource() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource").with(json!({}))
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", message).with(json!({}))
    }

    pub(crate) fn not_acceptable() -> Self {
        let message = "only the following media types are accepted: application/json, application/yaml";
        Self::new(406, "NotAcceptable", message)
    }

    pub(crate) fn unsupported_media_type(accepted: &[&str]) -> Self {
        let accepted = accepted.join(", ");
        let message =
            format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
        Self::new(415, "UnsupportedMediaType", message)
    }

    pub(crate) fn already_exists(resource: &str, name: &str) -> Self {
        let message = format!("{resource} {name:?} already exists");
        Self::new(409, "AlreadyExists", message).with(named(name, "", resource))
    }

    /// Something doesn't hold that a request takes for granted. `kind` is the resource, or the kind where a delete says so.
    pub(crate) fn conflict(kind: &str, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {kind} {name:?}: {why}");
        Self::new(409, "Conflict", message).with(named(name, "", kind))
    }

    /// An object isn't in the version that a request was made for.
    pub(crate) fn modified(resource: &str, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(resource, name, why)
    }

    /// An apply wants fields that others manage: each with its manager and its path.
    pub(crate) fn field_conflict(conflicts: &[(String, String)]) -> Self {
        let causes: Vec<Value> = conflicts
            .iter()
            .map(|(manager, field)| cause("FieldManagerConflict", &format!("conflict with {manager}"), field))
            .collect();
        let message = match conflicts {
            [(manager, field)] => format!("Apply failed with 1 conflict: conflict with {manager}: {field}"),
            many => format!("Apply failed with {} conflicts: {}", many.len(), by_manager(many).join("\n")),
        };
        Self::new(409, "Conflict", message).with(json!({"causes": causes}))
    }

    /// Fields that are refused. `kind` is empty where a patch gave no object at all.
    pub(crate) fn invalid(group: &str, kind: &str, name: &str, errors: &[FieldError]) -> Self {
        let mut details = Map::new();
        for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
            if !value.is_empty() {
                details.insert(key.to_owned(), json!(value));
            }
        }
        let causes: Vec<Value> = errors.iter().map(|error| cause(error.reason, &error.message, &error.field)).collect();
        details.insert("causes".to_owned(), json!(causes));
        let mut said: Vec<String> = Vec::new();
        for error in errors {
            let text = format!("{}: {}", error.field, error.message);
            if !said.contains(&text) {
                said.push(text);
            }
        }
        let all = if let [only] = said.as_slice() { only.clone() } else { format!("[{}]", said.join(", ")) };
        let kind = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        Self::new(422, "Invalid", format!("{kind} {name:?} is invalid: {all}")).with(Value::Object(details))
    }

    /// A patch whose operations can't be carried out.
    pub(crate) fn unprocessable() -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self::new(422, "Invalid", message).with(json!({}))
    }

    pub(crate) fn too_many_requests() -> Self {
        let message = "too many requests, please try again later";
        Self::new(429, "TooManyRequests", message).with(json!({"retryAfterSeconds": 1}))
    }

    /// A version from which nobody can go on any more: not all that happened since is known.
    pub(crate) fn expired(version: u64, since: u64) -> Self {
        Self::new(410, "Expired", format!("too old resource version: {version} ({since})"))
    }

    pub(crate) fn internal() -> Self {
        let message = "Internal error occurred: the sandbox was asked to fail";
        Self::new(500, "InternalError", message).with(json!({"causes": [{"message": "the sandbox was asked to fail"}]}))
    }

    pub(crate) fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("kind".to_owned(), json!("Status"));
        body.insert("apiVersion".to_owned(), json!("v1"));
        body.insert("metadata".to_owned(), json!({}));
        body.insert("status".to_owned(), json!("Failure"));
        body.insert("message".to_owned(), json!(self.message));
        if let Some(reason) = self.reason {
            body.insert("reason".to_owned(), json!(reason));
        }
        if let Some(details) = &self.details {
            body.insert("details".to_owned(), details.clone());
        }
        body.insert("code".to_owned(), json!(self.code));
        Value::Object(body)
    }
}

/// State that can't be written is the sandbox's failure, and clients see it as the server's.
impl From<SandboxError> for ApiError {
    fn from(error: SandboxError) -> Self {
        tracing::error!(%error, "the sandbox could not keep its state");
        Self::new(500, "InternalError", format!("Internal error occurred: {error}"))
    }
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldError {
    reason: &'static str,
    field: String,
    message: String,
}

impl FieldError {
    fn new(reason: &'static str, field: &str, message: String) -> Self {
        Self { reason, field: field.to_owned(), message }
    }

    pub(crate) fn invalid(field: &str, value: &str, why: &str) -> Self {
        Self::new("FieldValueInvalid", field, format!("Invalid value: {value:?}: {why}"))
    }

    pub(crate) fn invalid_number(field: &str, value: i64, why: &str) -> Self {
        Self::new("FieldValueInvalid", field, format!("Invalid value: {value}: {why}"))
    }

    pub(crate) fn required(field: &str, why: &str) -> Self {
        let message = if why.is_empty() { "Required value".to_owned() } else { format!("Required value: {why}") };
        Self::new("FieldValueRequired", field, message)
    }

    pub(crate) fn forbidden(field: &str, why: &str) -> Self {
        Self::new("FieldValueForbidden", field, format!("Forbidden: {why}"))
    }

    pub(crate) fn not_supported(field: &str, value: &str, supported: &[&str]) -> Self {
        let supported: Vec<String> = supported.iter().map(|one| format!("{one:?}")).collect();
        let message = format!("Unsupported value: {value:?}: supported values: {}", supported.join(", "));
        Self::new("FieldValueNotSupported", field, message)
    }

    pub(crate) fn too_long(field: &str, most: usize) -> Self {
        Self::new("FieldValueTooLong", field, format!("Too long: may not be more than {most} bytes"))
    }
}

fn cause(reason: &str, message: &str, field: &str) -> Value {
    json!({"reason": reason, "message": message, "field": field})
}

/// The details that say which object it is about.
fn named(name: &str, group: &str, kind: &str) -> Value {
    let mut details = Map::new();
    for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
        if !value.is_empty() {
            details.insert(key.to_owned(), json!(value));
        }
    }
    Value::Object(details)
}

/// Several conflicts, each manager with its fields, as the message lists them.
fn by_manager(conflicts: &[(String, String)]) -> Vec<String> {
    let mut managers: Vec<&String> = conflicts.iter().map(|(manager, _)| manager).collect();
    managers.sort();
    managers.dedup();
    let mut lines = Vec::new();
    for manager in managers {
        lines.push(format!("conflicts with {manager}:"));
        let fields = conflicts.iter().filter(|(of, _)| of == manager);
        lines.extend(fields.map(|(_, field)| format!("- {field}")));
    }
    lines
}
