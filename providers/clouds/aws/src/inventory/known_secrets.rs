//! What the stack's own policies say of secrets: their ARNs, and the keys under which they are encrypted.
//!
//! It is what stays where AWS can't be asked any more. Only what is a statement of the stack's counts (see [`own_statements`]).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::inventory::own_statements::{self, ALIASES, Said, Statement, VIA};
use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::policy::sids::Purpose;
use crate::resources::kinds::secret::{READ_SECRET, Secret};
use crate::resources::kms_key::Key;

/// The condition key for the secret that Secrets Manager encrypts. Source: AWS Secrets Manager user guide, "Secret encryption
/// and decryption", encryption context.
pub(crate) const CONTEXT: &str = "kms:EncryptionContext:SecretARN";

/// What is granted of a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) arns: BTreeSet<String>,
    pub(crate) keys: BTreeSet<Key>,
}

/// What the policies say, of whichever secrets.
#[derive(Default)]
struct Facts {
    arns: BTreeSet<String>,
    /// By the ARN that the statement names.
    keys: HashMap<String, BTreeSet<Key>>,
}

/// What the policies say of each of the wanted secrets.
pub(crate) fn granted(names: &Names, snapshot: &Snapshot, wanted: &[Secret]) -> BTreeMap<Secret, Granted> {
    let ours = snapshot.policies.iter().filter(|(arn, _)| names.is_policy_of_ours(arn) && !names.is_mark(arn));
    let mut facts = Facts::default();
    for (arn, policy) in ours {
        let text = policy.text();
        if text.contains(":secretsmanager:") {
            own_statements::each(&text, names.is_shared_policy(arn), |statement| facts.add(statement));
        }
    }
    let of = |secret: &Secret| {
        let granted = facts.of_secret(secret);
        (!granted.arns.is_empty()).then(|| (secret.clone(), granted))
    };
    wanted.iter().filter_map(of).collect()
}

impl Facts {
    fn add(&mut self, statement: &Statement<'_>) {
        if statement.is_ours(|of| of == Purpose::Secrets, "secretsmanager")
            && statement.action.each().any(|action| action.eq_ignore_ascii_case(READ_SECRET))
        {
            self.arns.extend(statement.resource.each().map(ToOwned::to_owned));
        }
        if !statement.is_ours(|of| of == Purpose::Decrypt, "kms") {
            return;
        }
        let Some(key) = key_of(statement) else { return };
        let contexts = statement.compared(CONTEXT).filter(|(operator, _)| *operator == "StringLike");
        for context in contexts.flat_map(|(_, contexts)| contexts.each()) {
            self.keys.entry(context.to_owned()).or_default().insert(key.clone());
        }
    }

    fn of_secret(&self, secret: &Secret) -> Granted {
        let patterns: BTreeSet<_> =
            secret.arns_or_patterns().into_iter().filter(|arn| self.arns.contains(arn)).collect();
        let whole: BTreeSet<_> = self.arns.iter().filter(|arn| secret.is_arn_of_it(arn)).cloned().collect();
        // Beside its pattern, a name that looks like a whole ARN is only one of the two things that it could be.
        let is_either = whole.contains(&secret.arn()) && patterns.len() > 1;
        let arns = if whole.is_empty() || is_either { patterns.into_iter().chain(whole).collect() } else { whole };
        let keys = arns.iter().filter_map(|arn| self.keys.get(arn)).flatten().cloned().collect();
        Granted { arns, keys }
    }
}

/// `None` where it can't be read any more, or was never any of ours.
fn key_of(statement: &Statement<'_>) -> Option<Key> {
    let Said::Is { operator: "StringEquals", text: via } = statement.said(VIA) else { return None };
    let alias = match statement.said(ALIASES) {
        Said::Nothing => None,
        Said::Is { operator: "ForAnyValue:StringEquals", text } => Some(text),
        Said::Is { .. } | Said::Unclear => return None,
    };
    Key::granted("secretsmanager", statement.resource.single(), Some(via), alias)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::AccountId;

    fn secret(name: &str) -> Secret {
        let account = AccountId::parse("111122223333").expect("an account");
        Secret { partition: "aws".to_owned(), region: "us-west-2".to_owned(), account, name: name.to_owned() }
    }

    fn said(name: &str, statements: &[Value]) -> (Vec<String>, Vec<String>) {
        let mut facts = Facts::default();
        let text = json!({ "Statement": statements }).to_string();
        own_statements::each(&text, false, |statement| facts.add(statement));
        let granted = facts.of_secret(&secret(name));
        let short = |arn: &str| arn.rsplit(':').next().unwrap_or_default().to_owned();
        (granted.arns.iter().map(|arn| short(arn)).collect(), granted.keys.iter().map(|key| short(&key.arn)).collect())
    }

    fn reads(names: &[&str]) -> Value {
        let arns: Vec<_> = names.iter().map(|name| secret(name).arn()).collect();
        json!({"Sid": "OneSecrets", "Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": arns})
    }

    fn decrypts(name: &str, key: &str, service: &str) -> Value {
        json!({"Sid": "OneDecrypt", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [key], "Condition": {
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
    /// As of buckets: what is no statement of the stack's says nothing of what is granted.
    #[test]
    fn what_somebody_else_wrote_counts_for_nothing() {
        let (reads, key) = (reads(&["token-AbCdEf"]), "arn:aws:kms:us-west-2:111122223333:key/1");
        let decrypts = decrypts("token-AbCdEf", key, "secretsmanager");
        for (part, value) in
            [("Sid", json!("SomebodyElse")), ("Sid", Value::Null), ("Effect", json!("Deny")), ("Action", json!(["*"]))]
        {
            let changed = |statement: &Value| {
                let mut changed = statement.clone();
                changed[part] = value.clone();
                changed
            };
            assert_eq!(said("token", &[changed(&reads), decrypts.clone()]), (vec![], vec![]), "{part}");
            let without_key = said("token", &[reads.clone(), changed(&decrypts)]);
            assert_eq!(without_key, (vec!["token-AbCdEf".to_owned()], vec![]), "{part}");
        }
    }
}
