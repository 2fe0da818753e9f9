//! Objects as attributes, as commands and as Terraform has them.

use cloudgrant_core::{ObjectId, TerraformPurpose};
use serde_json::{Value, json};

use crate::client::loopback::{self, Loopback, SUBSCRIPTION, refusal};
use crate::client::remedies::tests::{NAME as SHELL, bare};
use crate::objects::tests::{ROLE, group, id, object};
use crate::objects::{
    compute_identity, custom_role, endpoint_identity, federated_credential, kind, managed_identity, role_assignment,
    workspace_identity, workspace_setting,
};
use crate::tests::connected;

/// By its name alone, Terraform would find whoever has that name in the provider's own subscription.
#[tokio::test]
async fn terraform_looks_for_nobody_of_another_subscription() {
    let cloud = Loopback::start(|_, _| refusal(404, "NotAsked")).await;
    let azure = connected("flyte", cloud.config()).await;
    for (subscription, is_looked_up) in [(SUBSCRIPTION, true), ("00000000-0000-0000-0000-0000000000ff", false)] {
        let identity = id().replace(SUBSCRIPTION, subscription);
        let attributes = json!({ "principal": identity, "scope": group(), "role": "reader", "role_id": ROLE });
        let object = object(ObjectId::new(role_assignment::KIND, "somebody: reader on data"), attributes);
        let kinds = kind(object.id.kind)
            .and_then(|kind| kind.terraform(azure.of_objects(), &object))
            .map(|blocks| blocks.iter().map(|block| (block.purpose, block.kind)).collect::<Vec<_>>());
        let expected = [
            (TerraformPurpose::Data, "azurerm_user_assigned_identity"),
            (TerraformPurpose::Resource, "azurerm_role_assignment"),
        ];
        assert_eq!(kinds.as_deref(), is_looked_up.then_some(&expected[..]), "{subscription}");
    }
}

#[tokio::test]
async fn no_name_is_more_than_a_word() {
    let cloud = Loopback::start(|_, _| loopback::json(200, json!({}))).await;
    let mut config = cloud.config();
    config.location = Some(SHELL.to_owned());
    let azure = connected("flyte", config).await;
    let tags = json!({ "resource_group": SHELL, "tags": { SHELL: SHELL } });
    let trust = json!({ "identity": SHELL, "issuer": SHELL, "subject": SHELL, "audience": SHELL });
    let role = json!({ "id": SHELL, "assignable_in": [SHELL], "data_actions": [SHELL] });
    let has = json!({ "principal": SHELL, "role": SHELL, "role_id": SHELL, "scope": SHELL, "condition": SHELL });
    for (id, attributes) in [
        (ObjectId::new(managed_identity::KIND, SHELL), tags),
        (federated_credential::id(SHELL, SHELL), trust),
        (custom_role::id(SHELL), role),
        (ObjectId::new(role_assignment::KIND, SHELL), has),
        (
            ObjectId::new(workspace_setting::KIND, SHELL),
            json!({ "workspace": SHELL, "setting": SHELL, "value": SHELL }),
        ),
    ] {
        let object = object(id, attributes);
        let commands = kind(object.id.kind).expect("a kind").commands(azure.of_objects(), &object);
        assert!(commands.iter().any(|command| command.contains("PWNED")), "{}", object.id);
        for command in commands {
            let bare = bare(&command);
            // The command itself puts the principal into a variable.
            let own = ["principal=$(", "tsv)", "\"${principal:?}\" "];
            let rest = own.iter().fold(bare.clone(), |rest, own| rest.replace(own, ""));
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,? ".contains(c);
            assert!(rest.chars().all(plain) && !bare.contains("PWNED"), "{command}: {bare}");
        }
    }
}

/// What a plan shows, and what marks and earlier plans were compared with, has its keys in this order.
#[test]
fn attributes_are_written_as_they_are_read() {
    for (kind, text) in [
        (custom_role::KIND, r#"{"id":"g","assignable_in":["/s"],"data_actions":["a"],"actions":["b"]}"#),
        (federated_credential::KIND, r#"{"identity":"/i","issuer":"https://i","subject":"s","audience":"a"}"#),
        (compute_identity::KIND, r#"{"compute":"/c","identity":"/i"}"#),
        (endpoint_identity::KIND, r#"{"endpoint":"/e","identity":"/i"}"#),
        (workspace_identity::KIND, r#"{"workspace":"/w","identity":"/i"}"#),
        (workspace_setting::KIND, r#"{"workspace":"/w","setting":"s","value":"v","before":"b"}"#),
        (managed_identity::KIND, r#"{"resource_group":"g","tags":{"a":"b"}}"#),
        (
            role_assignment::KIND,
            r#"{"principal":"/i","role":"r","role_id":"g","scope":"/s","assignment":"n","condition":"a \"b\""}"#,
        ),
    ] {
        let attributes = serde_json::from_str::<Value>(text).expect("JSON").into();
        let written = match kind {
            custom_role::KIND => custom_role::CustomRole::of(&attributes).map(|it| it.attributes()),
            federated_credential::KIND => {
                federated_credential::FederatedCredential::of(&attributes).map(|it| it.attributes())
            }
            compute_identity::KIND => compute_identity::ComputeIdentity::of(&attributes).map(|it| it.attributes()),
            endpoint_identity::KIND => endpoint_identity::EndpointIdentity::of(&attributes).map(|it| it.attributes()),
            workspace_identity::KIND => {
                workspace_identity::WorkspaceIdentity::of(&attributes).map(|it| it.attributes())
            }
            workspace_setting::KIND => workspace_setting::WorkspaceSetting::of(&attributes).map(|it| it.attributes()),
            managed_identity::KIND => managed_identity::ManagedIdentity::of(&attributes).map(|it| it.attributes()),
            _ => role_assignment::RoleAssignment::of(&attributes).map(|it| it.attributes()),
        };
        assert_eq!(written.expect("typed").as_str(), text, "{kind}");
    }
}
