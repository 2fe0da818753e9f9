//! Repositories, with a policy that somebody wrote by hand.

use cloudgrant_sandbox_kit::Result;
use serde_json::json;

use super::documents::root;
use super::wishes::Wishes;
use super::{once, parts};
use crate::partition::Partition;
use crate::protocol::errors::ApiError;
use crate::protocol::pretty::pretty;
use crate::server::auth;
use crate::services::ecr;
use crate::state::State;
use crate::state::model::Document;

/// Makes them.
pub(super) fn seed(state: &mut State, wishes: &Wishes) -> Result<()> {
    for (owner, region, name) in &wishes.repositories {
        once(state, format!("repository {owner} {region} {name}"), |state| {
            save_repository(state, owner, region, name)
        })?;
    }
    Ok(())
}

/// `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME`, the same of a dual-stack host, or an ARN.
pub(super) fn repository(locator: &str) -> Option<(String, String, String)> {
    let (account, region, name) = if locator.starts_with("arn:") {
        let [_, _, "ecr", region, account, resource] = *parts(locator)? else { return None };
        (account, region, resource.strip_prefix("repository/")?)
    } else {
        let (host, name) = locator.trim_start_matches("https://").split_once('/')?;
        let behind = |middles: [&str; 2]| middles.into_iter().find_map(|middle| host.split_once(middle));
        let one_stack = behind([".dkr.ecr.", ".dkr.ecr-fips."]);
        let (account, rest) = one_stack.or_else(|| behind([".dkr-ecr.", ".dkr-ecr-fips."]))?;
        let (region, suffix) = rest.split_once('.')?;
        let partition = Partition::of_region(region);
        let of_region =
            if one_stack.is_some() { Some(partition.dns_suffix()) } else { partition.dual_stack_registries() };
        if of_region != Some(suffix) {
            return None;
        }
        (account, region, name)
    };
    // A tag or digest is not a part of the name.
    let name = name.split(['@', ':']).next().filter(|name| !name.is_empty() && !name.contains('*'))?;
    auth::is_account(account).then(|| (account.to_owned(), region.to_owned(), name.to_owned()))
}

fn save_repository(state: &mut State, account: &str, region: &str, name: &str) -> std::result::Result<(), ApiError> {
    let key = (region.to_owned(), name.to_owned());
    if state.account_mut(account).repositories.contains_key(&key) {
        return Ok(());
    }
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "ByHand",
        "Effect": "Allow",
        "Principal": {"AWS": root(state.partition, account)},
        "Action": ["ecr:DescribeImages", "ecr:ListImages"],
    }]});
    let mut repository = ecr::new(account, region, name);
    repository.policy = Some(Document { text: pretty(&policy), ..Document::default() });
    state.save_repository(repository)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_locators() {
        let found = Some(("444455556666".to_owned(), "us-west-2".to_owned(), "team/trainer".to_owned()));
        assert_eq!(repository("444455556666.dkr.ecr.us-west-2.amazonaws.com/team/trainer"), found);
        assert_eq!(repository("444455556666.dkr.ecr.us-west-2.amazonaws.com/team/trainer:v1"), found);
        assert_eq!(repository("arn:aws:ecr:us-west-2:444455556666:repository/team/trainer"), found);
        let china = Some(("444455556666".to_owned(), "cn-north-1".to_owned(), "team/x".to_owned()));
        assert_eq!(repository("444455556666.dkr.ecr.cn-north-1.amazonaws.com.cn/team/x"), china);
        assert_eq!(repository("arn:aws-cn:ecr:cn-north-1:444455556666:repository/team/x"), china);
        assert_eq!(repository("444455556666.dkr.ecr.us-west-2.amazonaws.com.cn/team/x"), None);
        assert_eq!(repository("444455556666.dkr-ecr.us-west-2.on.aws/team/trainer"), found);
        assert_eq!(repository("444455556666.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn/team/x"), china);
        assert_eq!(repository("444455556666.dkr-ecr.us-west-2.amazonaws.com/team/x"), None);
        assert_eq!(repository("s3://bucket/key"), None);
    }
}
