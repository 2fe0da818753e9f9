//! `enable_registry`: the cluster's kubelet identity may pull from a registry.

use cloudgrant_core::{Checked, Desired, Error, Intent, Note, RegistryAccess, Result, Scope};

use crate::inventory::lookups::resolve;
use crate::marks::places;
use crate::packing::pack;
use crate::resources::locator::Locator;
use crate::verbs::assigned::assignment_object;
use crate::verbs::handles::Handles;
use crate::verbs::notes;

/// Requirements 9, 69 and 104. How the registry looks at roles was read before: Source: Azure documentation, "Azure
/// Container Registry Microsoft Entra permissions and role assignments".
pub(crate) async fn desired(handles: Handles<'_>, registries: &[Checked<RegistryAccess>]) -> Result<Desired> {
    let mut desired = Desired::default();
    if registries.is_empty() {
        return Ok(desired);
    }
    handles.inventory.warm(registries.iter().map(|registry| registry.resource().kind)).await?;
    let resolved = resolve::resolve(handles.inventory, registries.iter().flat_map(|registry| registry.reaches()));
    let (resolved, kubelet) = tokio::join!(resolved, handles.inventory.kubelet());
    let (resolved, kubelet) = Error::both(resolved, kubelet)?;
    for registry in registries {
        let [reach] = &registry.reach;
        let Some(target) = resolved.target(reach) else { continue };
        desired.notes.extend(notes::closed(target));
        if target.admin_user {
            desired.notes.push(notes::admin_user(target));
        }
        for assignment in pack::pull(registry.access(), target, &registry.id()) {
            let mut object = assignment_object(handles.names, &kubelet, &Scope::Global, assignment);
            object.touches.push(kubelet.name().to_owned());
            desired.objects.extend(places::depend(handles.names, &mut object, &target.scope));
            desired.objects.push(object);
        }
        if let (false, Locator::Registry(named)) = (target.abac, &target.locator)
            && let Some(repository) = &named.repository
        {
            let message = format!(
                "{} has no repository permissions: a role on it is for all its repositories, not for {repository} alone",
                target.scope.name()
            );
            desired.notes.push(Note::info(registry.id(), message));
        }
    }
    Ok(desired)
}
