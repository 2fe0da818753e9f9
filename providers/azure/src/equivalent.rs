//! What a person would type to make an object: for review, and for those who may only do it by hand.

use cloudgrant_core::Object;
use serde_json::{Value, json};

use crate::Azure;
use crate::condition;
use crate::kinds;

pub(crate) fn commands(azure: &Azure, object: &Object) -> Vec<String> {
    let attributes = &object.attributes;
    let text = |key: &str| attributes[key].as_str().unwrap_or_default();
    let name = object.id.name.rsplit('/').next().unwrap_or_default();
    let subscription = azure.config.subscription.as_str();
    match object.id.kind {
        kinds::IDENTITY => {
            let tags = attributes["tags"].as_object().into_iter().flatten();
            let tags = tags.map(|(key, value)| quoted(&format!("{key}={}", value.as_str().unwrap_or_default())));
            let location = azure.config.location.as_deref().map(|it| format!(" --location {it}")).unwrap_or_default();
            vec![format!(
                "az identity create --subscription {subscription} --resource-group {} --name {name}{location} --tags {}",
                quoted(text("resource_group")),
                tags.collect::<Vec<_>>().join(" "),
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
            let definition = json!({
                "Name": object.id.name,
                "Description": azure.names.description(),
                "Actions": [],
                "DataActions": attributes["data_actions"],
                "AssignableScopes": attributes["assignable_in"],
            });
            vec![format!("az role definition create --role-definition {}", quoted(&definition.to_string()))]
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
                    "az role assignment create --assignee-object-id \"$principal\" --assignee-principal-type \
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

/// Ready for a POSIX shell.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
