//! What a person would type to make an object: for review, and for those who may only do it by hand.

use cloudgrant_core::{Object, quoted};
use serde_json::{Value, json};

use crate::Azure;
use crate::objects::kinds;
use crate::policy::condition;

pub(crate) fn commands(azure: &Azure, object: &Object) -> Vec<String> {
    let attributes = object.attributes.value();
    let text = |key: &str| attributes[key].as_str().unwrap_or_default();
    let name = object.id.name.rsplit('/').next().unwrap_or_default();
    let subscription = azure.config.subscription.as_str();
    match object.id.kind {
        kinds::IDENTITY => {
            let location =
                azure.config.location.as_deref().map(|it| format!(" --location {}", quoted(it))).unwrap_or_default();
            vec![format!(
                "az identity create --subscription {subscription} --resource-group {} --name {}{location} --tags {}",
                quoted(text("resource_group")),
                quoted(name),
                // As JSON: the tool takes a colon in `KEY=VALUE` for something else.
                quoted(&attributes["tags"].to_string()),
            )]
        }
        kinds::CREDENTIAL => {
            let identity = object.id.name.split('/').next().unwrap_or_default();
            vec![format!(
                "az identity federated-credential create --subscription {subscription} --resource-group {} \
                 --identity-name {} --name {} --issuer {} --subject {} --audiences {}",
                quoted(azure.names.group().name()),
                quoted(identity),
                quoted(name),
                quoted(text("issuer")),
                quoted(text("subject")),
                quoted(text("audience")),
            )]
        }
        kinds::ROLE => {
            let body = json!({ "properties": {
                "roleName": object.id.name,
                "type": "CustomRole",
                "description": azure.names.description(),
                "permissions": [{ "actions": [], "dataActions": attributes["data_actions"] }],
                "assignableScopes": attributes["assignable_in"],
            }});
            // `az role definition create` makes up an id, and the next run would not know the role for the stack's.
            let url = format!(
                "/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{}?api-version=2022-04-01",
                text("id")
            );
            vec![format!("az rest --method put --url {} --body {}", quoted(&url), quoted(&body.to_string()))]
        }
        kinds::ASSIGNMENT => {
            let condition = match &attributes["condition"] {
                Value::String(text) => {
                    format!(" --condition {} --condition-version {}", quoted(text), condition::VERSION)
                }
                _ => String::new(),
            };
            vec![
                format!(
                    "principal=$(az identity show --ids {} --query principalId --output tsv)",
                    quoted(text("principal"))
                ),
                format!(
                    "test -n \"$principal\" && az role assignment create --assignee-object-id \"$principal\" --assignee-principal-type \
                     ServicePrincipal --role {} --scope {}{condition} --description {}",
                    quoted(text("role")),
                    quoted(text("scope")),
                    quoted(&azure.names.description()),
                ),
            ]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{ObjectId, Ownership, Scope};

    use super::*;
    use crate::client::loopback::{Loopback, json as answer};
    use crate::objects::remedies::tests::{NAME, bare};
    use crate::objects::tests::azure_of;

    #[tokio::test]
    async fn no_name_is_more_than_a_word() {
        let cloud = Loopback::start(|_, _| answer(200, json!({}))).await;
        let mut config = cloud.config();
        config.location = Some(NAME.to_owned());
        let azure = azure_of("flyte", config).await;
        for kind in [kinds::IDENTITY, kinds::CREDENTIAL, kinds::ROLE, kinds::ASSIGNMENT] {
            let keys =
                ["resource_group", "tags", "issuer", "subject", "audience", "id", "condition", "principal", "role"];
            let attributes: serde_json::Map<_, _> =
                keys.into_iter().chain(["scope"]).map(|key| (key.to_owned(), NAME.into())).collect();
            let object = Object {
                id: ObjectId::new(
                    kind,
                    if kind == kinds::CREDENTIAL { format!("{NAME}/{NAME}") } else { NAME.to_owned() },
                ),
                scope: Scope::Global,
                attributes: Value::Object(attributes).into(),
                references: Vec::new(),
                depends_on: Vec::new(),
                because: Vec::new(),
                ownership: Ownership::Exclusive,
                touches: Vec::new(),
                handoff: None,
            };
            let commands = commands(&azure, &object);
            assert!(commands.iter().any(|command| command.contains("PWNED")), "{kind}");
            for command in commands {
                let bare = bare(&command);
                // The command itself puts the principal into a variable.
                let own = ["principal=$(", "tsv)", "\"$principal\" &&", "\"$principal\" "];
                let rest = own.iter().fold(bare.clone(), |rest, own| rest.replace(own, ""));
                let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,? ".contains(c);
                assert!(rest.chars().all(plain) && !bare.contains("PWNED"), "{command}: {bare}");
            }
        }
    }
}
