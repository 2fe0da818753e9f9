//! What others added to the stack's own objects, where nobody can say what is wanted of these.

use cloudgrant_core::{ErrorKind, Result, Unsearched, Widened};

use crate::inventory::task_roles;
use crate::observe::looking::Looking;
use crate::observe::{iam, search};

pub(crate) async fn read(looking: Looking<'_>) -> Result<Widened> {
    let snapshot = looking.inventory.roles_and_policies().await;
    looking.inventory.used_up().await;
    let snapshot = snapshot?;
    let mut unsearched = Vec::new();
    let attached_to = match task_roles::read(looking.inventory, &snapshot).await {
        Ok(attached_to) => Some(attached_to),
        Err(error) if error.kind() == ErrorKind::AccessDenied => {
            let place = "roles of others to which policies of this stack are attached".to_owned();
            unsearched.push(Unsearched { place, reason: search::why(&error) });
            None
        }
        Err(error) => return Err(error),
    };
    Ok(Widened { widened: iam::widened(looking, &snapshot, attached_to), unsearched })
}
