//! How somebody takes back what a handoff asked for: told from the names of its object and from what its mark remembers of how it was
//! asked for, as the manifest may have forgotten it.
//! A name that isn't as this provider writes them is nobody's, and no part of it ends in a command.

use cloudgrant_core::{Handoff, HowAsked, ObjectId, quoted};

use crate::config::AccountId;
use crate::config::arn::Arn;
use crate::objects::pull_through;
use crate::objects::{bucket_statement, key_statement, repository_statement, resource_statement};
use crate::resources::kinds::arn_kind::{Elsewhere, Item, ResourcePolicy};
use crate::resources::kinds::repository::Repository;
use crate::resources::locator::Locator;

/// See [`cloudgrant_core::Provider::taken_back`]. `node_role` is that of the manifest, for which a step of pull-through caches was where
/// its mark doesn't say for which.
pub(crate) fn handoff(kind: &str, name: &str, how: &HowAsked, node_role: Option<&str>) -> Option<(ObjectId, Handoff)> {
    match kind {
        repository_statement::KIND => {
            let (repository, sid) = name.rsplit_once('#')?;
            let repository = repository_of(repository)?;
            Some((repository_statement::id(&repository, checked_sid(sid)?), of_repository(&repository, sid)))
        }
        bucket_statement::KIND => {
            let (arn, sid) = name.rsplit_once('#')?;
            let bucket = Arn::parse(arn)?.in_s3()?;
            is_plain(arn, ".-_:").then_some(())?;
            Some((bucket_statement::id(arn, checked_sid(sid)?), of_bucket(bucket, sid)))
        }
        key_statement::KIND => {
            let (key, sid) = name.rsplit_once('#')?;
            is_plain(key, ".-_:/").then_some(())?;
            Some((key_statement::id(key, checked_sid(sid)?), of_key(key, sid)))
        }
        resource_statement::KIND => {
            let (arn, sid) = name.rsplit_once('#')?;
            let Ok(Locator::Item(item)) = Locator::parse(arn) else { return None };
            let Elsewhere::ResourcePolicy(policy) = &item.kind.elsewhere else { return None };
            (item.arn() == arn).then(|| checked_sid(sid))??;
            Some((resource_statement::id(arn, sid), of_resource(&item, policy, sid)))
        }
        pull_through::KIND => {
            let repository = repository_of(name)?;
            let role = pull_through::remembered(how)?.or(node_role);
            Some((pull_through::id(&repository), pull_through::taken_back(&repository, role)))
        }
        _ => None,
    }
}

fn repository_of(arn: &str) -> Option<Repository> {
    match Locator::parse(arn) {
        Ok(Locator::Repository(repository)) if repository.arn() == arn => Some(repository),
        _ => None,
    }
}

/// Source: IAM user guide, "IAM JSON policy elements: Sid".
fn checked_sid(sid: &str) -> Option<&str> {
    is_plain(sid, "").then_some(sid)
}

fn is_plain(text: &str, besides: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || besides.contains(c))
}

/// What is done with the policy, whatever it is of.
fn without(sid: &str, get: &str, put: &str, delete: Option<&str>) -> String {
    let last = match delete {
        Some(delete) => format!("\x20  {put}\n4. Or, where nothing else is in it:\n\x20  {delete}\n"),
        None => format!("\x20  {put}\n"),
    };
    format!(
        "1. Get its policy:\n\
         \x20  {get}\n\
         2. Take the statement with the Sid {sid} out of it and keep the others. If there is none, nothing is left to do.\n\
         3. Put the rest there:\n\
         {last}"
    )
}

fn of_repository(Repository { account, region, name }: &Repository, sid: &str) -> Handoff {
    let at = format!("--registry-id {account} --region {} --repository-name {}", quoted(region), quoted(name));
    let steps = without(
        sid,
        &format!("aws ecr get-repository-policy {at}"),
        &format!("aws ecr set-repository-policy {at} --policy-text file://policy.json"),
        Some(&format!("aws ecr delete-repository-policy {at}")),
    );
    Handoff::unseen(
        format!("whoever administers account {account}"),
        format!("take a statement out of the policy of the ECR repository {name}"),
        format!("Repository: {name}\nAccount:    {account}\nRegion:     {region}\n\n{steps}"),
    )
}

fn of_resource(item: &Item, policy: &ResourcePolicy, sid: &str) -> Handoff {
    let [get, put, delete] = (policy.commands)(item, "policy.json");
    let (noun, arn, account) = (item.kind.kind().to_string(), item.arn(), &item.account);
    Handoff::unseen(
        format!("whoever administers account {account}"),
        format!("take a statement out of the policy of the {noun} {}", item.name()),
        format!("ARN:     {arn}\nAccount: {account}\n\n{}", without(sid, &get, &put, Some(&delete))),
    )
}

fn of_bucket(bucket: &str, sid: &str) -> Handoff {
    let word = quoted(bucket);
    let steps = without(
        sid,
        &format!("aws s3api get-bucket-policy --bucket {word} --query Policy --output text"),
        &format!("aws s3api put-bucket-policy --bucket {word} --policy file://policy.json"),
        Some(&format!("aws s3api delete-bucket-policy --bucket {word}")),
    );
    Handoff::unseen(
        format!("whoever administers the account of bucket {bucket}"),
        format!("take a statement out of the policy of the bucket {bucket}"),
        format!(
            "Bucket: {bucket}\n\n{steps}\
             Where a statement for the same roles was added to the policy of the key that encrypts it, take that out as well.\n"
        ),
    )
}

fn of_key(key: &str, sid: &str) -> Handoff {
    let arn = Arn::parse(key).filter(|arn| arn.service == "kms");
    let account = arn.and_then(|arn| AccountId::parse(arn.account).ok());
    let region = arn.map(|arn| format!("--region {} ", quoted(arn.region))).unwrap_or_default();
    let at = format!("{region}--key-id {}", quoted(key));
    let steps = without(
        sid,
        &format!("aws kms get-key-policy {at} --query Policy --output text"),
        &format!("aws kms put-key-policy {at} --policy file://policy.json"),
        None,
    );
    let whose = account.map_or_else(|| format!("the account of key {key}"), |account| format!("account {account}"));
    Handoff::unseen(
        format!("whoever administers {whose}"),
        format!("take a statement out of the policy of the KMS key {key}"),
        format!("Key: {key}\n\n{steps}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::role;

    #[test]
    fn each_kind_says_how_it_is_taken_back() {
        for (kind, name, expected) in [
            (
                repository_statement::KIND,
                "arn:aws:ecr:us-west-2:444455556666:repository/team/trainer#AllowPullCloudgrantX",
                "aws ecr delete-repository-policy --registry-id 444455556666 --region us-west-2 --repository-name team/trainer",
            ),
            (
                resource_statement::KIND,
                "arn:aws:sqs:us-west-2:444455556666:jobs#AllowResource",
                "aws sqs set-queue-attributes --region us-west-2 --queue-url https://sqs.us-west-2.amazonaws.com/444455556666/jobs --attributes Policy=",
            ),
            (
                bucket_statement::KIND,
                "arn:aws:s3:::acme-training#AllowList",
                "delete-bucket-policy --bucket acme-training",
            ),
            (
                key_statement::KIND,
                "arn:aws:kms:us-west-2:444455556666:key/00000000-0000-0000-0000-000000000001#AllowKey",
                "aws kms put-key-policy --region us-west-2 --key-id arn:aws:kms:us-west-2:444455556666:key/",
            ),
            (
                pull_through::KIND,
                "arn:aws:ecr:us-west-2:111122223333:repository/ecr-public/x",
                "aws iam delete-role-policy --role-name nodes --policy-name ",
            ),
        ] {
            let (id, handoff) =
                self::handoff(kind, name, &HowAsked::default(), Some("nodes")).unwrap_or_else(|| panic!("{name}"));
            assert_eq!((id.kind, id.name.as_str()), (kind, name));
            assert!(handoff.document.contains(expected), "{}", handoff.document);
            assert!(!handoff.verifiable);
        }
    }

    #[test]
    fn a_step_for_a_role_is_taken_back_from_that_role_whichever_the_manifest_has() {
        let arn = "arn:aws:ecr:us-west-2:111122223333:repository/ecr-public/x";
        let of = |role: &str| HowAsked::of([("role", role.to_owned())]);
        let (_, handoff) = self::handoff(pull_through::KIND, arn, &of("former"), Some("nodes")).expect("a step");
        assert!(handoff.document.contains("--role-name former ") && !handoff.document.contains("nodes"), "{handoff:?}");
        for edited in ["former; curl evil", "$(evil)", "a/b"] {
            assert_eq!(self::handoff(pull_through::KIND, arn, &of(edited), Some("nodes")), None, "{edited}");
        }
    }

    #[test]
    fn an_edited_name_ends_in_no_command() {
        for (kind, name) in [
            (bucket_statement::KIND, "arn:aws:s3:::a; curl evil#AllowList"),
            (bucket_statement::KIND, "arn:aws:s3:::a#Allow List"),
            (key_statement::KIND, "$(evil)#AllowKey"),
            (repository_statement::KIND, "arn:aws:ecr:us-west-2:444455556666:repository/team/trainer#a\nb"),
            (repository_statement::KIND, "team/trainer#AllowPull"),
            (pull_through::KIND, "x"),
            (role::KIND, "acme"),
        ] {
            assert!(handoff(kind, name, &HowAsked::default(), None).is_none(), "{name}");
        }
    }
}
