//! What a person would type to make an object: for review, and for those who may only do it by hand.

use cloudgrant_core::{Object, quoted};
use serde_json::{Value, json};

use crate::Azure;
use crate::condition;
use crate::kinds;

pub(crate) fn commands(azure: &Azure, object: &Object) -> Vec<String> {
    let attributes = object.attributes.value();
    let text = |key: &str| attributes[key].as_str().unwrap_or_default();
    let name = object.id.name.rsplit('/').next().unwrap_or_default();
    let subscription = azure.config.subscription.as_str();
    match object.id.kind {
        kinds::IDENTITY => {
            let location = azure.config.location.as_deref().map(|it| format!(" --location {it}")).unwrap_or_default();
            vec![format!(
                "az identity create --subscription {subscription} --resource-group {} --name {name}{location} --tags {}",
                quoted(text("resource_group")),
                // As JSON: the tool takes a colon in `KEY=VALUE` for something else.
                quoted(&attributes["tags"].to_string()),
            )]
        }
        kinds::CREDENTIAL => {
            let identity = object.id.name.split('/').next().unwrap_or_default();
            vec![format!(
                "az identity federated-credential create --subscription {subscription} --resource-group {} \
                 --identity-name {identity} --name {name} --issuer {} --subject {} --audiences {}",
                quoted(azure.names.group().name()),
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
