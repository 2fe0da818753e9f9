//! The workspace that a platform runs its tasks in.

use cloudgrant_sandbox_kit::Result;

use super::wishes::{self, Wishes};
use super::{LOCATION, LONG_AGO, around, host, once, provided, resource};
use crate::services::arm::machine_learning::beginning::{self, Around};
use crate::services::arm::request::id::Id;
use crate::services::arm::request::route::Kind;
use crate::state::State;

/// Makes it, if the platform has one: with two clusters, of which the first runs as the first identity that the
/// manifest names, and three datastores.
pub(super) fn seed(state: &mut State, wishes: &Wishes, home: &Id) -> Result<()> {
    let Some(named) = &wishes.workspace else { return Ok(()) };
    let id = match Id::parse(named).filter(|_| named.starts_with('/')) {
        Some(id) => id,
        None => provided(home, Kind::Workspace, named),
    };
    around(state, &id)?;
    let group = id.parent().unwrap_or_else(|| home.clone());
    // Accounts and registries have no hyphens in their names.
    let word = wishes::short(id.name());
    let letters: String = word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let account = host(state, &group, Kind::StorageAccount, &format!("{letters}data"))?;
    let vault = host(state, &group, Kind::Vault, &format!("{}-kv", word.replace('_', "-")))?;
    let registry = host(state, &group, Kind::Registry, &format!("{letters}images"))?;
    resource(state, &account.child("/blobServices/default/containers/labels"))?;
    let user = wishes.identities.first().map(|name| provided(home, Kind::Identity, name));
    let user = user.filter(|id| state.identities.contains_key(id.key()));
    once(state, &format!("workspace {}", id.key()), |state| {
        if state.resources.get(id.key()).is_some_and(|there| there.properties.contains_key("storageAccount")) {
            return Ok(());
        }
        let around = Around {
            account: &account,
            vault: &vault,
            registry: &registry,
            user: user.as_ref(),
            computes: &wishes.computes,
            location: LOCATION,
            created: LONG_AGO,
        };
        beginning::make(state, &id, &around)
    })
}
