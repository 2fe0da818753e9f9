//! Buckets.

use cloudgrant_sandbox_kit::Result;

use super::once;
use super::wishes::Wishes;
use crate::protocol::errors::ApiError;
use crate::services::s3;
use crate::state::State;

/// Makes them.
pub(super) fn seed(state: &mut State, wishes: &Wishes) -> Result<()> {
    let account = wishes.account.as_str();
    for name in &wishes.buckets {
        once(state, format!("bucket {name}"), |state| save_bucket(state, account, &wishes.region, name))?;
    }
    Ok(())
}

/// `s3://NAME/PREFIX`, or an ARN.
pub(super) fn bucket(locator: &str) -> Option<String> {
    let path = locator.strip_prefix("s3://").or_else(|| Some(locator.strip_prefix("arn:")?.split_once(":s3:::")?.1))?;
    let name = path.split('/').next().filter(|name| s3::is_name(name))?;
    Some(name.to_owned())
}

fn save_bucket(state: &mut State, account: &str, region: &str, name: &str) -> std::result::Result<(), ApiError> {
    if state.bucket(name).is_some() { Ok(()) } else { state.save_bucket(s3::new(account, region, name)) }
}
