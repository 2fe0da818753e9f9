//! Secrets, each with a value.

use cloudgrant_sandbox_kit::Result;

use super::wishes::Wishes;
use super::{once, parts};
use crate::protocol::errors::ApiError;
use crate::server::auth;
use crate::services::secretsmanager;
use crate::state::model::SecretVersion;
use crate::state::{State, time};

/// Makes them.
pub(super) fn seed(state: &mut State, wishes: &Wishes) -> Result<()> {
    for (owner, region, name, suffix) in &wishes.secrets {
        once(state, format!("secret {owner} {region} {name}"), |state| {
            save_secret(state, owner, region, name, suffix)
        })?;
    }
    Ok(())
}

/// The ARN of a secret with its six characters; without them, some are made up.
pub(super) fn secret(locator: &str) -> Option<(String, String, String, String)> {
    let [_, _, "secretsmanager", region, account, resource] = *parts(locator)? else { return None };
    let full = resource.strip_prefix("secret:")?;
    if !auth::is_account(account) || full.contains('*') {
        return None;
    }
    let is_suffix = |text: &&str| text.len() == 6 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let (name, suffix) = match full.rsplit_once('-').filter(|(name, suffix)| !name.is_empty() && is_suffix(suffix)) {
        Some((name, suffix)) => (name, suffix),
        None => (full, "SeedEd"),
    };
    (!name.is_empty()).then(|| (account.to_owned(), region.to_owned(), name.to_owned(), suffix.to_owned()))
}

fn save_secret(
    state: &mut State,
    account: &str,
    region: &str,
    name: &str,
    suffix: &str,
) -> std::result::Result<(), ApiError> {
    let key = (region.to_owned(), name.to_owned());
    if state.account_mut(account).secrets.contains_key(&key) {
        return Ok(());
    }
    let mut secret = secretsmanager::new(account, region, name, suffix);
    secret.versions.push(SecretVersion {
        id: state.ids.uuid(),
        created: time::now(),
        stages: vec!["AWSCURRENT".to_owned()],
        text: Some("a value of the sandbox".to_owned()),
        binary: None,
    });
    state.save_secret(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_locators() {
        let arn = "arn:aws:secretsmanager:us-west-2:111122223333:secret:";
        let names = |text: &str| secret(&format!("{arn}{text}")).map(|(_, _, name, suffix)| (name, suffix));
        assert_eq!(names("labels-token-AbCdEf"), Some(("labels-token".into(), "AbCdEf".into())));
        assert_eq!(names("labels"), Some(("labels".into(), "SeedEd".into())));
        assert_eq!(names("*"), None);
    }
}
