//! KMS keys, each with the policy that KMS gives it.

use cloudgrant_sandbox_kit::Result;

use super::wishes::Wishes;
use super::{once, parts};
use crate::server::auth;
use crate::services::kms;
use crate::state::State;

/// Makes them.
pub(super) fn seed(state: &mut State, wishes: &Wishes) -> Result<()> {
    for (owner, region, id) in &wishes.keys {
        once(state, format!("key {owner} {region} {id}"), |state| {
            let key = (region.clone(), id.clone());
            match state.account_mut(owner).keys.contains_key(&key) {
                true => Ok(()),
                false => state.save_key(kms::new(owner, region, id)),
            }
        })?;
    }
    Ok(())
}

/// The account, the region and the id in a key's ARN.
pub(super) fn key(locator: &str) -> Option<(String, String, String)> {
    let [_, _, "kms", region, account, resource] = *parts(locator)? else { return None };
    let id = resource.strip_prefix("key/")?;
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (auth::is_account(account) && is_id && !region.is_empty())
        .then(|| (account.to_owned(), region.to_owned(), id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_locators() {
        let arn = "arn:aws:kms:us-west-2:444455556666:key/12ab-34";
        assert_eq!(key(arn), Some(("444455556666".into(), "us-west-2".into(), "12ab-34".into())));
        for other in ["arn:aws:kms:us-west-2:444455556666:alias/mine", "arn:aws:kms:us-west-2:444455556666:key/*", "x"]
        {
            assert_eq!(key(other), None, "{other}");
        }
    }
}
