//! What taking away will need, read beside the lists that every plan reads: nobody waits for one after the other.

use cloudgrant_core::{Desired, Result};

use crate::config::Config;
use crate::error::is_final;
use crate::inventory::snapshot::Snapshot;
use crate::names::Names;

/// Reads the subscriptions that the caller sees, and what the caller may do where something of the stack's is.
pub(crate) async fn read(config: &Config, names: &Names, desired: &Desired, snapshot: &Snapshot) -> Result<()> {
    if !desired.thorough {
        return Ok(());
    }
    tokio::try_join!(async { unless_refused(snapshot.subscriptions().await) }, permissions(config, names, snapshot))?;
    Ok(())
}

async fn permissions(config: &Config, names: &Names, snapshot: &Snapshot) -> Result<()> {
    let here = config.subscription.as_str();
    let (assignments, roles) = tokio::try_join!(snapshot.assignments(here), snapshot.custom_roles())?;
    // Otherwise nothing is taken away that takes permissions.
    if assignments.iter().any(|one| one.is_of(names)) || roles.iter().any(|role| role.is_of(names)) {
        return unless_refused(snapshot.permissions(&format!("/subscriptions/{here}")).await);
    }
    Ok(())
}

/// Whoever needs a refused answer asks again, and says what is missing.
fn unless_refused<T>(read: Result<T>) -> Result<()> {
    match read {
        Err(error) if is_final(&error) => Ok(()),
        read => read.map(drop),
    }
}
