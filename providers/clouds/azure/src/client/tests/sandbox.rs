//! The client against the sandbox: what is written is read again, and mistakes are called by their names.

use std::collections::BTreeMap;

use cloudgrant_core::{Error, ErrorKind};
use cloudgrant_sandbox_kit::{Running, Start};

use crate::client::Arm;
use crate::client::arm::{FederatedCredential, NewRoleAssignment, NewRoleDefinition};
use crate::config::Config;
use crate::resources::built_in_roles::Verdict;
use crate::resources::known_roles;
use crate::resources::refused_roles;

const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000002";
const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const NAME: &str = "00000000-0000-4000-8000-00000000000a";

struct World {
    _folder: tempfile::TempDir,
    running: Running,
    section: serde_json::Value,
}

impl World {
    async fn new(knobs: &str) -> Self {
        let mut section = serde_json::json!({
            "tenant": "00000000-0000-0000-0000-000000000001", "subscription": SUBSCRIPTION, "resource_group": "dataplane",
        });
        let folder = tempfile::tempdir().expect("a folder");
        let start = Start::new(folder.path())
            .config(serde_json::json!({ "azure": section.clone() }))
            .knobs(knobs.parse().expect("knobs"));
        let running = cloudgrant_azure_sandbox::start(start).await.expect("a sandbox");
        for (key, value) in running.settings()["azure"].as_object().expect("settings") {
            section[key] = value.clone();
        }
        Self { _folder: folder, running, section }
    }

    fn arm(&self) -> Arm {
        self.arm_with(&[])
    }

    fn arm_with(&self, more: &[(&str, &str)]) -> Arm {
        let mut section = self.section.clone();
        for (key, value) in more {
            section[key] = (*value).into();
        }
        let config: Config = serde_json::from_value(section).expect("a section");
        Arm::new(&config).expect("a client")
    }
}

fn scope() -> String {
    format!("/subscriptions/{SUBSCRIPTION}")
}

fn identity_id(name: &str) -> String {
    format!("{}/resourceGroups/dataplane/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}", scope())
}

fn role_id(guid: &str) -> String {
    format!("{}/providers/Microsoft.Authorization/roleDefinitions/{guid}", scope())
}

fn new<'a>(role: &'a str, principal: &'a str) -> NewRoleAssignment<'a> {
    NewRoleAssignment { role_definition_id: role, principal_id: principal, description: "for a test", condition: None }
}

fn fact<'a>(error: &'a Error, key: &str) -> Option<&'a str> {
    error.context().iter().find(|(known, _)| *known == key).map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn an_identity_lives_and_dies() {
    let world = World::new("").await;
    let arm = world.arm();
    let id = identity_id("acme-production");
    assert_eq!(arm.identity(&id).await.expect("an answer"), None);
    let tags = BTreeMap::from([("stack".to_owned(), "tests".to_owned())]);
    let made = arm.put_identity(&id, "westeurope", &tags).await.expect("made");
    assert_eq!((&made.tags, made.name.as_str()), (&tags, "acme-production"));
    assert!(!made.principal_id.is_empty() && !made.client_id.is_empty());
    assert_eq!(made.tenant_id, "00000000-0000-0000-0000-000000000001");
    assert_eq!(arm.identity(&id).await.expect("an answer").as_ref(), Some(&made));
    assert!(arm.identities(SUBSCRIPTION).await.expect("a list").contains(&made));

    let credential = FederatedCredential {
        name: "acme-production-default".to_owned(),
        issuer: "https://westeurope.oic.prod-aks.azure.com/a/b/".to_owned(),
        subject: "system:serviceaccount:vision-production:default".to_owned(),
        audiences: vec!["api://AzureADTokenExchange".to_owned()],
    };
    arm.put_federated_credential(&id, &credential).await.expect("made");
    assert_eq!(arm.federated_credentials(&id).await.expect("a list"), std::slice::from_ref(&credential));
    for _ in 0..2 {
        arm.delete_federated_credential(&id, &credential.name).await.expect("deleted");
    }
    assert_eq!(arm.federated_credentials(&id).await.expect("a list"), []);
    for _ in 0..2 {
        arm.delete_identity(&id).await.expect("deleted");
    }
    let error = arm.federated_credentials(&id).await.expect_err("no identity");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

#[tokio::test]
async fn a_role_assignment_lives_and_dies() {
    let world = World::new("").await;
    let arm = world.arm();
    let id = identity_id("acme-production");
    let identity = arm.put_identity(&id, "westeurope", &BTreeMap::new()).await.expect("made");
    let role = role_id(READER);
    let made = arm.put_role_assignment(&scope(), NAME, &new(&role, &identity.principal_id)).await.expect("made");
    assert_eq!((made.name.as_str(), made.scope.as_str()), (NAME, scope().as_str()));
    assert_eq!(made.description.as_deref(), Some("for a test"));
    assert!(arm.role_assignments(SUBSCRIPTION).await.expect("a list").contains(&made));

    let other = "00000000-0000-4000-8000-00000000000b";
    let error = arm.put_role_assignment(&scope(), other, &new(&role, &identity.principal_id)).await.expect_err("twice");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert!(fact(&error, "Azure said").is_some_and(|said| said.starts_with("RoleAssignmentExists")), "{error}");
    assert!(fact(&error, "request").is_some(), "{error}");
    let stranger = "99999999-0000-4000-8000-000000000000";
    let error = arm.put_role_assignment(&scope(), other, &new(&role, stranger)).await.expect_err("nobody");
    assert_eq!(error.kind(), ErrorKind::NotYet, "{error}");

    for _ in 0..2 {
        arm.delete_role_assignment(&scope(), NAME).await.expect("deleted");
    }
    assert!(!arm.role_assignments(SUBSCRIPTION).await.expect("a list").contains(&made));
    assert_eq!(arm.requests(), world.running.counts().total, "both sides count the same");
}

#[tokio::test]
async fn a_custom_role_lives_and_dies() {
    let world = World::new("").await;
    let arm = world.arm();
    let (scopes, actions) = ([scope()], ["Microsoft.Storage/storageAccounts/read".to_owned()]);
    let data = ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read".to_owned()];
    let new = NewRoleDefinition {
        role_name: "cloudgrant tests",
        description: "for a test",
        assignable_scopes: &scopes,
        actions: &actions,
        not_actions: &[],
        data_actions: &data,
        not_data_actions: &[],
    };
    let made = arm.put_role_definition(&scope(), NAME, &new).await.expect("made");
    assert!(made.custom && made.actions == actions && made.data_actions == data, "{made:?}");
    let custom = arm.role_definitions(&scope(), Some("type eq 'CustomRole'")).await.expect("a list");
    assert_eq!(custom, [made]);
    let named = arm.role_definitions(&scope(), Some("roleName eq 'Reader'")).await.expect("a list");
    assert_eq!(named.iter().map(|role| (role.name.as_str(), role.custom)).collect::<Vec<_>>(), [(READER, false)]);
    for _ in 0..2 {
        arm.delete_role_definition(&scope(), NAME).await.expect("deleted");
    }
}

#[tokio::test]
async fn requirement_71_the_verdicts_on_known_roles_are_what_their_definitions_say() {
    let world = World::new("").await;
    let defined = world.arm().role_definitions(&scope(), None).await.expect("a list");
    for role in known_roles::all() {
        let found = defined.iter().find(|found| found.name == role.id).unwrap_or_else(|| panic!("no {}", role.name));
        assert_eq!(found.role_name, role.name);
        let is_too_much = refused_roles::defined(&found.permissions).is_some();
        assert_eq!(is_too_much, role.verdict != Verdict::Fit, "{}", role.name);
    }
}

#[tokio::test]
async fn what_is_there_is_read() {
    let world = World::new("").await;
    let arm = world.arm();
    assert_eq!(arm.subscription_tenant(SUBSCRIPTION).await.expect("a tenant"), "00000000-0000-0000-0000-000000000001");
    let group = arm.resource_group(SUBSCRIPTION, "dataplane").await.expect("an answer").expect("a group");
    assert!(!group.location.is_empty());
    assert_eq!(arm.resource_group(SUBSCRIPTION, "nowhere").await.expect("an answer"), None);
    let permissions = arm.permissions(&scope()).await.expect("permissions");
    assert!(permissions.iter().any(|permission| permission.actions.contains(&"*".to_owned())), "{permissions:?}");
    let error = arm.subscription_tenant("00000000-0000-0000-0000-0000000000ff").await.expect_err("no subscription");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

#[tokio::test]
async fn the_groups_resources_are_listed() {
    let world = World::new("").await;
    let arm = world.arm();
    arm.storage_accounts(SUBSCRIPTION).await.expect("storage accounts");
    arm.vaults(SUBSCRIPTION).await.expect("vaults");
    arm.registries(SUBSCRIPTION).await.expect("registries");
    arm.clusters(SUBSCRIPTION, "dataplane").await.expect("clusters");
    let error = arm.clusters(SUBSCRIPTION, "nowhere").await.expect_err("no group");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

#[tokio::test]
async fn another_tenant_is_said() {
    let world = World::new("").await;
    let arm = world.arm_with(&[("tenant", "00000000-0000-0000-0000-0000000000ee")]);
    let error = arm.subscription_tenant(SUBSCRIPTION).await.expect_err("another tenant");
    assert!(matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Credentials), "{error:?}");
    assert!(error.hint_text().is_some_and(|hint| hint.contains("azure.tenant")), "{error:?}");
}
