//! What others added to the stack's own objects, where nobody can say what is wanted of these.

use std::collections::{BTreeSet, HashMap, HashSet};

use cloudgrant_core::{Desired, Error, ErrorKind, Intents, Result, Unsearched, Widened, Widening};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::client::arm::RoleDefinition;
use crate::error::is_final;
use crate::inventory::snapshot::CREDENTIALS_AT_A_TIME;
use crate::names::resource_id::ResourceId;
use crate::objects::{custom_role, managed_identity};
use crate::observe::compute_identity::Images;
use crate::observe::federated_credential::trusted_by_others;
use crate::observe::findings::edited;
use crate::observe::looking::Looking;
use crate::observe::role_assignment::{given, given_away, is_never_given, never_given};
use crate::observe::search;
use crate::resources::known_roles;
use crate::resources::role_choice::all_own;

pub(crate) async fn read(looking: Looking<'_>, named: &Intents) -> Result<Widened> {
    let snapshot = looking.inventory.used_up_snapshot().await;
    let mut found = Widened::default();
    // By their names: whoever replaced the tags of one may have added something to it as well.
    let identities = snapshot.identities().await?;
    let ours = identities.iter().filter_map(|identity| {
        let id = ResourceId::parse(&identity.id).ok().filter(|id| looking.names.calls(id))?;
        Some((identity.principal_id.to_ascii_lowercase(), id))
    });
    let ours: HashMap<_, _> = ours.collect();
    let snapshot = &snapshot;
    let all: Vec<ResourceId> = ours.values().cloned().collect();
    let credentials = all.into_iter().map(|id| async move {
        let credentials = snapshot.credentials(&id).await?;
        Ok::<_, Error>((id, credentials))
    });
    let credentials: Vec<_> = stream::iter(credentials).buffer_unordered(CREDENTIALS_AT_A_TIME).try_collect().await?;
    let nothing = Desired::default();
    for (id, credentials) in credentials {
        let object = managed_identity::id(&id, looking.names.group());
        found.widened.extend(trusted_by_others(looking.config, looking.names, &nothing, &id, &object, &credentials));
    }
    let custom = match snapshot.custom_roles().await {
        Ok(custom) => custom.to_vec(),
        Err(error) if error.kind() == ErrorKind::AccessDenied => {
            let place = "custom roles of this stack".to_owned();
            found.unsearched.push(Unsearched { place, reason: error.message().to_owned() });
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    let names: HashMap<_, _> =
        custom.iter().map(|role| (role.name.to_ascii_lowercase(), role.role_name.as_str())).collect();
    let own = custom.iter().filter(|role| role.is_of(looking.names)).map(|role| role.name.to_ascii_lowercase());
    let own: HashSet<_> = own.collect();
    let never = never_given(&custom);
    found
        .widened
        .extend(custom.iter().filter(|role| role.is_of(looking.names)).filter_map(|role| allowing_more(looking, role)));
    let here = looking.config.subscription.as_str().to_owned();
    let mut subscriptions: BTreeSet<_> = search::named(named);
    subscriptions.extend(search::marked(looking.names, snapshot).await?);
    subscriptions.insert(here.clone());
    let images = Images::read(looking, snapshot).await?;
    for subscription in subscriptions {
        let assignments = match snapshot.assignments(&subscription).await {
            Ok(assignments) => assignments,
            Err(error) if subscription != here && is_final(&error) => {
                found.unsearched.push(search::unsearched(&subscription, &error));
                continue;
            }
            Err(error) => return Err(error),
        };
        for assignment in assignments.iter() {
            let role = assignment.role();
            // The stack's mark hides nothing that no stack gives.
            let is_too_much = !own.contains(&role) && (never.contains(&role) || is_never_given(&role));
            if assignment.is_of(looking.names) && !is_too_much {
                continue;
            }
            let name = names.get(&role).copied();
            let name = name.or_else(|| known_roles::known(&role).map(|role| role.name)).unwrap_or(&role);
            if let Some(holder) = ours.get(&assignment.principal_id.to_ascii_lowercase()) {
                if !images.are_pulled_by(holder, assignment) {
                    found.widened.push(given(looking.names, holder, assignment, name));
                }
            } else if own.contains(&role) {
                found.widened.push(given_away(assignment, name));
            }
        }
    }
    Ok(found)
}

/// What a role of the stack's allows besides what its name says that it is for, whatever the manifest grants by now.
fn allowing_more(looking: Looking<'_>, role: &RoleDefinition) -> Option<Widening> {
    let scopes = looking.platform.tenancy().scopes_without_projects().into_iter();
    let mut all = scopes.flat_map(|scope| all_own(looking.names, &scope).collect::<Vec<_>>());
    let own = all.find(|own| own.id.eq_ignore_ascii_case(&role.name))?;
    let what = edited::allows_more(&own.data_actions, &role.actions, &role.data_actions)?;
    let remedy = format!("{}, once the rest can be compared", Widening::APPLY);
    Some(Widening { object: custom_role::id(&role.role_name), what, remedy })
}
