//! Conditions as Microsoft's pages give them, with requests that they let through and requests that they do not.

mod blob_environment;
mod blob_lists;
mod blob_paths;
mod blob_principals;
mod blob_tags;
mod blob_versions;
mod delegation;
mod malformed;
mod operators;
mod properties;
mod registry;
mod semantics;

use super::{AccessRequest, Attributes, Condition, Value, evaluate, parse};

/// Writes out the abbreviations that keep the tests readable.
pub(super) fn long(text: &str) -> String {
    text.replace("%B", "Microsoft.Storage/storageAccounts/blobServices/containers/blobs")
        .replace("%C", "Microsoft.Storage/storageAccounts/blobServices/containers")
        .replace("%S", "Microsoft.Storage/storageAccounts")
        .replace("%R", "Microsoft.ContainerRegistry/registries/repositories")
        .replace("%A", "Microsoft.Authorization/roleAssignments")
        .replace("%P", "Microsoft.Directory/CustomSecurityAttributes/Id")
        .replace("<$>", "<$key_case_sensitive$>")
}

/// A request under construction.
#[derive(Clone, Default)]
pub(super) struct Ask {
    action: String,
    sub_operation: Option<&'static str>,
    resource: Attributes,
    request: Attributes,
    principal: Attributes,
    environment: Attributes,
}

pub(super) fn ask(action: &str) -> Ask {
    Ask { action: long(action), ..Ask::default() }
}

impl Ask {
    pub(super) fn sub(mut self, name: &'static str) -> Self {
        self.sub_operation = Some(name);
        self
    }

    pub(super) fn resource(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.resource.insert(&long(name), value);
        self
    }

    pub(super) fn request(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.request.insert(&long(name), value);
        self
    }

    pub(super) fn principal(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.principal.insert(&long(name), value);
        self
    }

    pub(super) fn environment(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.environment.insert(&long(name), value);
        self
    }

    pub(super) fn view(&self) -> AccessRequest<'_> {
        AccessRequest {
            action: &self.action,
            sub_operation: self.sub_operation,
            resource: &self.resource,
            request: &self.request,
            principal: &self.principal,
            environment: &self.environment,
        }
    }
}

/// A condition under test.
pub(super) struct Case(Condition);

pub(super) fn case(text: &str) -> Case {
    let text = long(text);
    let condition = parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let printed = condition.to_string();
    assert_eq!(parse(&printed).as_ref(), Ok(&condition), "printed as {printed}");
    Case(condition)
}

impl Case {
    #[track_caller]
    pub(super) fn allows(&self, ask: &Ask) {
        assert!(evaluate(&self.0, &ask.view()), "{} should allow {:?}", self.0, ask.view());
    }

    #[track_caller]
    pub(super) fn denies(&self, ask: &Ask) {
        assert!(!evaluate(&self.0, &ask.view()), "{} should deny {:?}", self.0, ask.view());
    }
}
