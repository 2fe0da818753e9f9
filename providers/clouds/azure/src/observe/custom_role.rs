//! The stack's custom roles.

use std::collections::{HashMap, HashSet};

use cloudgrant_core::{Desired, Found, Observed, Result};

use crate::inventory::snapshot::Snapshot;
use crate::objects::custom_role::{self, CustomRole};
use crate::observe::findings::other_homes::OtherHomes;
use crate::observe::findings::renamed_roles::Renamed;
use crate::observe::looking::Looking;

pub(crate) async fn add(
    looking: Looking<'_>,
    desired: &Desired,
    snapshot: &Snapshot,
    observed: &mut Observed,
    others: &mut OtherHomes,
) -> Result<()> {
    let wanted: HashSet<_> = desired.objects.iter().map(|object| &object.id).collect();
    let roles = desired.objects.iter().filter(|object| object.id.kind == custom_role::KIND);
    let by_id = roles.map(|object| Ok((CustomRole::of(&object.attributes)?.id.into_owned(), object)));
    let by_id: HashMap<_, _> = by_id.collect::<Result<_>>()?;
    let renamed = Renamed::of(looking, snapshot).await?;
    for role in snapshot.custom_roles().await?.iter() {
        let id = custom_role::id(&role.role_name);
        let owned = role.is_of(looking.names);
        match by_id.get(&role.name.to_ascii_lowercase()) {
            _ if owned => {}
            Some(object) => _ = observed.conflicts.insert(object.id.clone(), renamed.conflict(role, object)),
            None => observed.stays.extend(renamed.stays(role)),
        }
        if let Some(home) = looking.names.home_described(&role.description).filter(|home| *home != looking.names.home())
        {
            others.add(home, format!("custom role {}", role.role_name), &role.id);
        }
        if owned || wanted.contains(&id) {
            let attributes = CustomRole::found(role).attributes();
            observed
                .objects
                .insert(id, Found { attributes, owned, depends_on: Vec::new(), if_deleted: None, touches: Vec::new() });
        }
    }
    Ok(())
}
