//! What a person would type to make an object: for review, and for those who may only do it by hand.

use cloudgrant_core::Object;
use serde_json::Value;

use crate::bind::{HOME_TAG, STACK_TAG};
use crate::kinds;
use crate::locator::Locator;
use crate::names::Names;

pub(crate) fn commands(object: &Object, names: &Names) -> Vec<String> {
    let attributes = object.attributes.value();
    let text = |key: &str| attributes[key].as_str().unwrap_or_default();
    let name = &object.id.name;
    match object.id.kind {
        kinds::POLICY => vec![format!(
            "aws iam create-policy --policy-name {name} --path {} --description '{}' --tags Key={STACK_TAG},Value={} 'Key={HOME_TAG},Value={}'{} --policy-document {}",
            text("path"),
            names.description(),
            names.stack(),
            names.home(),
            tags(&attributes),
            quoted(&attributes["document"]),
        )],
        kinds::ROLE => {
            let tags = tags(&attributes);
            let boundary = attributes["boundary"].as_str().map(|arn| format!(" --permissions-boundary {arn}"));
            vec![format!(
                "aws iam create-role --role-name {name} --path {} --description '{}' --tags{}{} --assume-role-policy-document {}",
                text("path"),
                names.description(),
                tags,
                boundary.unwrap_or_default(),
                quoted(&attributes["trust"]),
            )]
        }
        kinds::ATTACHMENT => {
            vec![format!("aws iam attach-role-policy --role-name {} --policy-arn {}", text("role"), text("policy"))]
        }
        kinds::STATEMENT => match Locator::parse(text("repository")) {
            Ok(Locator::Repository(repository)) => {
                let at = format!(
                    "--registry-id {} --region {} --repository-name {}",
                    repository.account, repository.region, repository.name
                );
                vec![
                    format!("aws ecr get-repository-policy {at}"),
                    format!("# merge by Sid: {}", attributes["statement"]),
                    format!("aws ecr set-repository-policy {at} --policy-text file://merged.json"),
                ]
            }
            _ => Vec::new(),
        },
        kinds::BUCKET_STATEMENT => {
            let bucket = text("bucket").rsplit(':').next().unwrap_or_default();
            vec![
                format!("aws s3api get-bucket-policy --bucket {bucket} --query Policy --output text"),
                format!("# merge by Sid: {}", attributes["statement"]),
                format!("aws s3api put-bucket-policy --bucket {bucket} --policy file://merged.json"),
            ]
        }
        kinds::KEY_STATEMENT => {
            let (key, region) = (text("key"), text("key").split(':').nth(3).unwrap_or_default());
            vec![
                format!("aws kms get-key-policy --region {region} --key-id {key} --query Policy --output text"),
                format!("# merge by Sid: {}", attributes["statement"]),
                format!("aws kms put-key-policy --region {region} --key-id {key} --policy file://merged.json"),
            ]
        }
        _ => Vec::new(),
    }
}

/// Tags as the command takes them, each behind a space.
fn tags(attributes: &Value) -> String {
    let tags = attributes["tags"].as_object().into_iter().flatten();
    let tags = tags.map(|(key, value)| format!("Key={key},Value={}", value.as_str().unwrap_or_default()));
    tags.map(|tag| format!(" '{}'", tag.replace('\'', r"'\''"))).collect()
}

/// Ready for a POSIX shell. The documents have no single quotes; should one come, it is escaped all the same.
fn quoted(document: &Value) -> String {
    format!("'{}'", document.to_string().replace('\'', r"'\''"))
}
