//! What others added to the stack's own objects, where nobody can say what is wanted of these.

use std::collections::{BTreeSet, HashMap, HashSet};

use cloudgrant_core::{Desired, Error, ErrorKind, Intents, Result, Scope, Unsearched, Widened, Widening};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::Azure;
use crate::client::arm::RoleDefinition;
use crate::inventory::snapshot::CREDENTIALS_AT_A_TIME;
use crate::names::resource_id::ResourceId;
use crate::objects::kinds;
use crate::observe::custom_role::is_ours;
use crate::observe::findings::edited;
use crate::observe::managed_identity::trusted_by_others;
use crate::observe::role_assignment::{given, given_away, is_never_given, never_given};
use crate::observe::search;
use crate::resources::built_in_roles;
use crate::resources::role_choice::all_own;

pub(crate) async fn read(azure: &Azure, named: &Intents) -> Result<Widened> {
    let snapshot = azure.used_up_snapshot().await;
    let mut found = Widened::default();
    // By their names: whoever replaced the tags of one may have added something to it as well.
    let identities = snapshot.identities().await?;
    let ours = identities.iter().filter_map(|identity| {
        let id = ResourceId::parse(&identity.id).ok().filter(|id| azure.names.calls(id))?;
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
        let object = kinds::identity(&id, azure.names.group());
        found.widened.extend(trusted_by_others(azure, &nothing, &id, &object, &credentials));
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
    let own = custom.iter().filter(|role| is_ours(azure, role)).map(|role| role.name.to_ascii_lowercase());
    let own: HashSet<_> = own.collect();
    let never = never_given(&custom);
    found
        .widened
        .extend(custom.iter().filter(|role| is_ours(azure, role)).filter_map(|role| allowing_more(azure, role)));
    let here = azure.config.subscription.as_str().to_owned();
    let mut subscriptions: BTreeSet<_> = search::named(named);
    subscriptions.extend(search::marked(azure, snapshot).await?);
    subscriptions.insert(here.clone());
    for subscription in subscriptions {
        let assignments = match snapshot.assignments(&subscription).await {
            Ok(assignments) => assignments,
            Err(error) if subscription != here && search::is_final(&error) => {
                found.unsearched.push(search::unsearched(&subscription, &error));
                continue;
            }
            Err(error) => return Err(error),
        };
        for assignment in assignments.iter() {
            let role = assignment.role();
            // The stack's mark hides nothing that no stack gives.
            let is_too_much = !own.contains(&role) && (never.contains(&role) || is_never_given(&role));
            if assignment.is_of(&azure.names) && !is_too_much {
                continue;
            }
            let name = names.get(&role).copied();
            let name = name.or_else(|| built_in_roles::known(&role).map(|role| role.name)).unwrap_or(&role);
            if let Some(holder) = ours.get(&assignment.principal_id.to_ascii_lowercase()) {
                found.widened.push(given(azure, holder, assignment, name));
            } else if own.contains(&role) {
                found.widened.push(given_away(assignment, name));
            }
        }
    }
    Ok(found)
}

/// What a role of the stack's allows besides what its name says that it is for, whatever the manifest grants by now.
fn allowing_more(azure: &Azure, role: &RoleDefinition) -> Option<Widening> {
    let domains = azure.platform.tenancy().domains.iter().map(|domain| Scope::Domain { domain: domain.clone() });
    let scopes = domains.chain([Scope::Global]);
    let mut all = scopes.flat_map(|scope| all_own(&azure.names, &scope).collect::<Vec<_>>());
    let own = all.find(|own| own.id.eq_ignore_ascii_case(&role.name))?;
    let what = edited::allows_more(&own.data_actions, &role.actions, &role.data_actions)?;
    let remedy = format!("{}, once the rest can be compared", Widening::APPLY);
    Some(Widening { object: kinds::role(&role.role_name), what, remedy })
}
