//! What the manifest takes for granted, made once: a platform's roles, other people's secrets and repositories.
//!
//! What was made is remembered by name, so that what somebody deletes stays deleted. Fields that are missing or odd are
//! skipped: judging the manifest is somebody else's business.

mod assumed;
mod documents;
mod ecr;
mod eks;
mod iam;
mod kms;
mod s3;
mod secretsmanager;
mod wishes;

use cloudgrant_sandbox_kit::{Result, SandboxError};

pub(crate) use self::wishes::Wishes;
use crate::protocol::errors::ApiError;
use crate::state::{State, time};

/// The start of 2024: what is seeded was there long before, so it is known everywhere.
const LONG_AGO: time::Millis = 1_704_067_200_000;

/// Makes what is not there and was not made before.
pub(crate) fn seed(state: &mut State, wishes: &Wishes) -> Result<()> {
    let account = wishes.account.as_str();
    iam::seed(state, wishes)?;
    for one in &wishes.assumed {
        assumed::seed(state, account, one)?;
    }
    ecr::seed(state, wishes)?;
    kms::seed(state, wishes)?;
    eks::seed(state, wishes)?;
    s3::seed(state, wishes)?;
    secretsmanager::seed(state, wishes)
}

fn once(
    state: &mut State,
    what: String,
    make: impl FnOnce(&mut State) -> std::result::Result<(), ApiError>,
) -> Result<()> {
    if state.history.is_seeded(&what) {
        return Ok(());
    }
    make(state).map_err(|error| SandboxError::new(format!("make the {what}")).because(error.message))?;
    state.mark_seeded(what)
}

/// The six parts of an ARN.
fn parts(arn: &str) -> Option<Box<[&str; 6]>> {
    let parts: Box<[&str]> = arn.splitn(6, ':').collect();
    parts.try_into().ok()
}
