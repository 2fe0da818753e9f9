//! What the stack's own policies say of secrets: their ARNs, and the keys under which they are encrypted.
//!
//! It is what stays where AWS can't be asked any more. What somebody wrote by hand that none of ours says counts for nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::policy::document;
use crate::resources::kms_key::Key;
use crate::resources::levels::READ_SECRET;
use crate::resources::locator::Secret;

/// The condition key for the secret that Secrets Manager encrypts. Source: AWS Secrets Manager user guide, "Secret encryption
/// and decryption", encryption context.
pub(crate) const CONTEXT: &str = "kms:EncryptionContext:SecretARN";

/// What is granted of a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) arns: BTreeSet<String>,
    pub(crate) keys: BTreeSet<Key>,
}

/// What the policies say of each of the wanted secrets.
pub(crate) fn granted(names: &Names, snapshot: &Snapshot, wanted: &[Secret]) -> BTreeMap<Secret, Granted> {
    let ours = snapshot.policies.iter().filter(|(arn, _)| names.is_policy_of_ours(arn));
    let ours = ours.map(|(_, policy)| policy).filter(|policy| policy.text().contains(":secretsmanager:"));
    let (mut arns, mut keys) = (BTreeSet::new(), HashMap::new());
    for policy in ours {
        for statement in document::statements(&policy.document()) {
            add(statement, &mut arns, &mut keys);
        }
    }
    let of = |secret: &Secret| {
        let granted = of_secret(secret, &arns, &keys);
        (!granted.arns.is_empty()).then(|| (secret.clone(), granted))
    };
    wanted.iter().filter_map(of).collect()
}

fn add(statement: &Value, arns: &mut BTreeSet<String>, keys: &mut HashMap<String, BTreeSet<Key>>) {
    let texts = |value: &Value| -> Vec<String> {
        match value {
            Value::Array(items) => items.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
            Value::String(text) => vec![text.clone()],
            _ => Vec::new(),
        }
    };
    let single = |value: &Value| <[String; 1]>::try_from(texts(value)).ok().map(|[text]| text);
    if statement["Effect"] != "Allow" {
        return;
    }
    if texts(&statement["Action"]).iter().any(|action| action == READ_SECRET) {
        arns.extend(texts(&statement["Resource"]));
    }
    let condition = &statement["Condition"];
    let contexts = texts(&condition["StringLike"][CONTEXT]);
    if contexts.is_empty() {
        return;
    }
    let (arn, via) = (single(&statement["Resource"]), single(&condition["StringEquals"]["kms:ViaService"]));
    let alias = single(&condition["ForAnyValue:StringEquals"]["kms:ResourceAliases"]);
    if let Some(key) = Key::granted("secretsmanager", arn.as_deref(), via.as_deref(), alias.as_deref()) {
        for context in contexts {
            keys.entry(context).or_default().insert(key.clone());
        }
    }
}

fn of_secret(secret: &Secret, arns: &BTreeSet<String>, keys: &HashMap<String, BTreeSet<Key>>) -> Granted {
    let patterns: BTreeSet<_> = secret.arns_or_patterns().into_iter().filter(|arn| arns.contains(arn)).collect();
    let whole: BTreeSet<_> = arns.iter().filter(|arn| secret.is_arn_of_it(arn)).cloned().collect();
    // Beside its pattern, a name that looks like a whole ARN is only one of the two things that it could be.
    let is_either = whole.contains(&secret.arn()) && patterns.len() > 1;
    let arns = if whole.is_empty() || is_either { patterns.into_iter().chain(whole).collect() } else { whole };
    let keys = arns.iter().filter_map(|arn| keys.get(arn)).flatten().cloned().collect();
    Granted { arns, keys }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::AccountId;

    fn secret(name: &str) -> Secret {
        let account = AccountId::parse("111122223333").expect("an account");
        Secret { partition: "aws".to_owned(), region: "us-west-2".to_owned(), account, name: name.to_owned() }
    }

    fn said(name: &str, statements: &[Value]) -> (Vec<String>, Vec<String>) {
        let (mut arns, mut keys) = (BTreeSet::new(), HashMap::new());
        statements.iter().for_each(|statement| add(statement, &mut arns, &mut keys));
        let granted = of_secret(&secret(name), &arns, &keys);
        let short = |arn: &str| arn.rsplit(':').next().unwrap_or_default().to_owned();
        (granted.arns.iter().map(|arn| short(arn)).collect(), granted.keys.iter().map(|key| short(&key.arn)).collect())
    }

    fn reads(names: &[&str]) -> Value {
        let arns: Vec<_> = names.iter().map(|name| secret(name).arn()).collect();
        json!({"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": arns})
    }

    fn decrypts(name: &str, key: &str, service: &str) -> Value {
        json!({"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [key], "Condition": {
            "StringEquals": {"kms:ViaService": [format!("{service}.us-west-2.amazonaws.com")]},
            "StringLike": {"kms:EncryptionContext:SecretARN": [secret(name).arn()]},
        }})
    }

    #[test]
    fn what_is_granted_stands_in_the_policies() {
        let key = "arn:aws:kms:us-west-2:111122223333:key/1234";
        let all = [
            reads(&["token-AbCdEf", "tokens-AbCdEf", "other-??????"]),
            decrypts("token-AbCdEf", key, "secretsmanager"),
        ];
        assert_eq!(said("token", &all), (vec!["token-AbCdEf".to_owned()], vec!["key/1234".to_owned()]));
        assert_eq!(said("token-AbCdEf", &all).0, ["token-AbCdEf"]);
        assert_eq!(said("other", &all), (vec!["other-??????".to_owned()], Vec::new()));
        assert_eq!(said("absent", &all).0, Vec::<String>::new());
        // Either was granted, as nobody knew which it is.
        assert_eq!(
            said("my-secret", &[reads(&["my-secret", "my-secret-??????"])]).0,
            ["my-secret", "my-secret-??????"]
        );
    }

    #[test]
    fn what_none_of_ours_says_is_no_key() {
        for (key, service) in [
            ("*", "secretsmanager"),
            ("arn:aws:kms:us-west-2:111122223333:key/*", "secretsmanager"),
            ("arn:aws:kms:us-west-2:111122223333:key/1", "s3"),
            ("arn:aws:s3:::*", "secretsmanager"),
        ] {
            let all = [reads(&["token-AbCdEf"]), decrypts("token-AbCdEf", key, service)];
            assert_eq!(said("token", &all).1, Vec::<String>::new(), "{key}");
        }
    }
}
