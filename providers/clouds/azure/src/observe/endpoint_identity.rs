//! Which online endpoints run under the stack's identities.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Desired, Error, Found, Observed, Obstacle, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::error::is_final;
use crate::inventory::snapshot::Snapshot;
use crate::objects::endpoint_identity::{self, EndpointIdentity, IMMUTABLE, refusal};
use crate::objects::managed_identity;
use crate::observe::looking::Looking;
use crate::observe::units::{AT_A_TIME, keep, tagged, unmakeable};

/// Looks at the endpoints that are wanted, and at those that the tags of the stack's own identities name.
///
/// # Errors
/// Azure doesn't answer, or may not be asked for an endpoint that something is wanted of.
pub(super) async fn add(
    looking: Looking<'_>,
    desired: &Desired,
    snapshot: &Snapshot,
    observed: &mut Observed,
) -> Result<()> {
    let mut identities = tagged(looking, snapshot, "onlineEndpoints").await?;
    let mut wanted = BTreeMap::new();
    for object in endpoint_identity::among(&desired.objects) {
        let (object, on) = object?;
        wanted.entry(on.endpoint_id()?).or_insert_with(BTreeSet::new).insert(object.id.clone());
        identities.entry(on.endpoint_id()?).or_default().insert(on.identity_id()?);
    }
    let read = stream::iter(identities).map(|(endpoint, identities)| async move {
        let there = snapshot.online_endpoint(&endpoint).await;
        Ok::<_, Error>((endpoint, identities, there))
    });
    let read: Vec<_> = read.buffered(AT_A_TIME).try_collect().await?;
    for (endpoint, identities, there) in read {
        let wanted = wanted.remove(&endpoint).unwrap_or_default();
        let there = match there {
            // It may run under one of them still.
            Err(error) if wanted.is_empty() && is_final(&error) => {
                let reason = format!(
                    "it may be that of online endpoint {}, which can't be read: {}. It goes once the endpoint can be read; or see that the \
                     endpoint is gone, and delete it by hand",
                    endpoint.name(),
                    error.message()
                );
                keep(looking, &identities, (&reason, false), observed);
                continue;
            }
            there => there?,
        };
        // One that isn't there is for somebody to create.
        let Some(there) = there else { continue };
        for identity in identities {
            let object = endpoint_identity::id(&endpoint, &identity);
            let on = EndpointIdentity { endpoint: endpoint.as_str().into(), identity: identity.as_str().into() };
            let is_wanted = wanted.contains(&object);
            if !on.is_on(&there) {
                if let Some(refused) = refusal(&endpoint, &there, identity.as_str()).filter(|_| is_wanted) {
                    observed.unmakeable.push(unmakeable(refused, Obstacle::Certain, BTreeSet::from([object])));
                }
                continue;
            }
            if !is_wanted && there.is_managed() {
                let reason = format!(
                    "online endpoint {} runs under it: {IMMUTABLE}. What it may reach is taken away; it goes itself once the endpoint is \
                     deleted",
                    endpoint.name()
                );
                keep(looking, &BTreeSet::from([identity]), (&reason, true), observed);
                continue;
            }
            let found = Found {
                attributes: on.attributes(),
                owned: true,
                depends_on: vec![managed_identity::id(&identity, looking.names.group())],
                if_deleted: Some("its deployments no longer run under the identity".to_owned()),
                touches: vec![endpoint.name().to_owned()],
            };
            observed.objects.insert(object, found);
        }
    }
    Ok(())
}
