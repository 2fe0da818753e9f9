//! Who tells a platform: somebody else, or cloudgrant itself.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

mod keys;
mod notes;
mod without_effect;

pub use keys::{Attribute, ControlPlane, Deliveries, DeliveryMethod, Host, Keys, Who, written};

use cloudgrant_core::{
    Asked, Backend, BackendGroup, Desired, Identity, IntentId, Intents, Note, Object, ObjectId, PermissionDocument,
    PlatformContext, Principal, Purpose, Result, Scope, Subject, Tenancy, WayTo,
};
use cloudgrant_platform_admin::AdminRecords;
use cloudgrant_platform_kubernetes::{SERVICE_ACCOUNT_ANNOTATION, ServiceAccounts};
use cloudgrant_platform_settings::SettingsRecords;

use crate::platform_delivery::notes::{label_of_pods, unmade, without_attribute};
use crate::platform_delivery::without_effect::Told;
use crate::{Delivery, PLATFORM_BINDING, by_scope, service_account_settings, service_accounts};

/// The sandboxes that stand in for a cluster, and for the platform's control plane.
const CLUSTER: &str = "kubernetes";
const CONTROL_PLANE: &str = "flyte";

/// Tells a platform, by the way that its manifest selects.
#[derive(Debug)]
pub struct PlatformDelivery {
    keys: Keys,
    tenancy: Arc<Tenancy>,
    control_plane: Option<ControlPlaneBackend>,
    cluster: Option<Arc<ServiceAccounts>>,
    backends: Option<BackendGroup>,
}

/// By what of a control plane cloudgrant tells.
#[derive(Debug)]
enum ControlPlaneBackend {
    Records(Arc<AdminRecords>),
    Settings(Arc<SettingsRecords>),
}

impl PlatformDelivery {
    /// By the way that the keys select.
    pub fn new(keys: Keys, context: &PlatformContext) -> Self {
        let said = |pointer: &str| {
            let said = context.sandbox.as_ref().and_then(|says| says.pointer(pointer)?.as_str());
            said.map(ToOwned::to_owned)
        };
        let accounts = || {
            let subjects = context.tenancy.subjects(&Scope::Global);
            let accounts = ServiceAccounts::new(&context.stack, &context.home);
            let accounts = accounts.of(subjects.into_iter().map(|(_, subject)| subject));
            match said("/kubernetes/kubeconfig") {
                Some(kubeconfig) => accounts.in_sandbox(PathBuf::from(kubeconfig)),
                None if context.is_cloud_in_sandbox => accounts.only_in_sandbox(),
                None => accounts,
            }
        };
        let records = || {
            let records = AdminRecords::new(&context.stack, &context.home, &context.tenancy.kind);
            let records = match &keys.deployment {
                Some(host) => records.only_at(host.name().to_owned()),
                None => records,
            };
            match said("/flyte/endpoint") {
                Some(endpoint) => records.in_sandbox(endpoint),
                None if context.is_cloud_in_sandbox => records.only_in_sandbox(),
                None => records,
            }
        };
        let settings = || {
            let tenancy = &context.tenancy;
            let settings = SettingsRecords::new(&context.stack, &context.home, &tenancy.kind, &tenancy.organization);
            let settings = settings.of(tenancy.pairs(&Scope::Global));
            let settings = match &keys.deployment {
                Some(host) => settings.only_at(host.name().to_owned()),
                None => settings,
            };
            match said("/flyte/endpoint") {
                Some(endpoint) => settings.in_sandbox(endpoint),
                None if context.is_cloud_in_sandbox => settings.only_in_sandbox(),
                None => settings,
            }
        };
        let Deliveries { control_plane, cluster } = keys.delivery;
        let control_plane = control_plane.map(|by| match by {
            ControlPlane::Admin(_) => ControlPlaneBackend::Records(Arc::new(records())),
            ControlPlane::Settings(_) => ControlPlaneBackend::Settings(Arc::new(settings())),
        });
        let cluster = cluster.map(|who| match who {
            Who::Cloudgrant => Arc::new(accounts()),
            Who::SomebodyElse => Arc::new(accounts().leaving()),
        });
        let of_control_plane = control_plane.as_ref().map(|by| match by {
            ControlPlaneBackend::Records(records) => {
                BackendGroup::new(records.clone(), cloudgrant_platform_admin::KINDS)
            }
            ControlPlaneBackend::Settings(settings) => {
                BackendGroup::new(settings.clone(), cloudgrant_platform_settings::KINDS)
            }
        });
        let kinds = cloudgrant_platform_kubernetes::KINDS;
        let backends = match (of_control_plane, &cluster) {
            (Some(group), Some(accounts)) => Some(group.and(accounts.clone(), kinds)),
            (None, Some(accounts)) => Some(BackendGroup::new(accounts.clone(), kinds)),
            (group, None) => group,
        };
        Self { keys, tenancy: context.tenancy.clone(), control_plane, cluster, backends }
    }

    /// Who reads and writes what the platform is told, where that is cloudgrant.
    pub fn backend(&self) -> Option<&dyn Backend> {
        self.backends.as_ref().map(|backends| backends as _)
    }

    /// What somebody has to say so that a place is searched at which cloudgrant told a platform.
    pub fn way_to(&self, place: &str) -> Option<WayTo> {
        const DEPLOYMENT: &str =
            "name the deployment as Flyte's tools take it: FLYTE_PLATFORM_URL, or ~/.flyte/config.yaml";
        const KEY: &str = "(without a manifest, the variable CLOUDGRANT_PLATFORM__DELIVERY)";
        let delivery = self.keys.delivery;
        let (value, is_set, select, variable) = if cloudgrant_platform_kubernetes::is_place(place) {
            let select = "select that cluster: `kubectl config use-context NAME`, or KUBECONFIG";
            ("leave-kubernetes", delivery.cluster.is_some(), select, "KUBECONFIG")
        } else if cloudgrant_platform_admin::is_place(place) {
            ("leave-admin", delivery.asks_admin(), DEPLOYMENT, "FLYTE_PLATFORM_URL")
        } else if cloudgrant_platform_settings::is_place(place) {
            ("leave-settings", delivery.asks_settings(), DEPLOYMENT, "FLYTE_PLATFORM_URL")
        } else {
            return None;
        };
        let told = match is_set {
            true => select.to_owned(),
            false => format!("set `platform.delivery: {value}` {KEY}, and {select}"),
        };
        Some(WayTo { told, setting: ("delivery", value), is_set, variable })
    }

    /// Whether the platform's second version is told: only that one has the settings service.
    pub fn is_second_version(&self) -> bool {
        matches!(self.control_plane, Some(ControlPlaneBackend::Settings(_)))
    }

    /// Whether Flyte admin is told.
    pub fn tells_admin(&self) -> bool {
        matches!(self.control_plane, Some(ControlPlaneBackend::Records(_)))
    }

    /// The sandboxes that stand in for what is written.
    pub fn sandboxes(&self) -> Vec<&'static str> {
        let control_plane = self.control_plane.as_ref().map(|_| CONTROL_PLANE);
        control_plane.into_iter().chain(self.cluster.as_ref().map(|_| CLUSTER)).collect()
    }

    /// What whoever runs cloudgrant must be allowed for that.
    pub fn permissions(&self, intents: &Intents, purpose: Purpose) -> Vec<PermissionDocument> {
        let control_plane = self.control_plane.as_ref().map(|by| match by {
            ControlPlaneBackend::Records(records) => records.permissions(intents, purpose),
            ControlPlaneBackend::Settings(settings) => settings.permissions(intents, purpose),
        });
        let cluster = self.cluster.as_ref().map(|accounts| accounts.permissions(intents, purpose));
        control_plane.into_iter().chain(cluster).collect()
    }

    /// What the platform must be told. `ask` says how its vendor is asked for a principal that only they can make.
    ///
    /// # Errors
    /// Those of `ask`.
    pub fn desired(
        &self,
        delivery: &Delivery,
        principals: &[Principal],
        ask: impl Fn(&Principal, &Asked) -> Result<Desired>,
    ) -> Result<Desired> {
        use ControlPlane::{Admin, Settings};
        let Deliveries { control_plane, cluster } = self.keys.delivery;
        let annotates = self.keys.delivery.annotates();
        let looks = cluster == Some(Who::SomebodyElse);
        if !annotates && matches!(control_plane, None | Some(Admin(Who::SomebodyElse))) {
            let mut desired = delivery.desired(&self.tenancy, principals, ask)?;
            desired.notes.extend(self.without_effect(delivery, principals));
            desired.overridden = overridden(principals);
            if looks {
                see_in_cluster(&mut desired.objects, principals);
            }
            return Ok(desired);
        }
        let (mut desired, mut handed_off, mut set) = (Desired::default(), Vec::new(), Vec::new());
        desired.notes.extend(self.without_effect(delivery, principals));
        for principal in principals {
            if let Identity::Asked(asked) = &principal.identity {
                desired.extend(ask(principal, asked)?);
                continue;
            }
            match control_plane {
                Some(Settings(Who::Cloudgrant)) => {
                    desired.takes_over.extend(service_account_settings::all_handed_off(principal));
                    desired.objects.extend(self.settings(principal));
                }
                // Whoever delivers from now on does the same, by the platform's own tool.
                Some(Settings(Who::SomebodyElse)) => {
                    desired.objects.extend(service_account_settings::objects(principal));
                }
                None | Some(Admin(_)) => {}
            }
            if let Identity::BoundByCloud { .. } = principal.identity {
                desired.notes.extend(unmade(principal).filter(|_| matches!(control_plane, Some(Settings(_)))));
                continue;
            }
            let mut unsaid = None;
            if let Some(Admin(Who::Cloudgrant)) = control_plane {
                match self.attribute(delivery, principal) {
                    Ok(attribute) => {
                        desired.takes_over.extend(delivery.handed_off_as_attributes(principal, attribute));
                        desired.objects.extend(cloudgrant_platform_admin::objects(principal, attribute)?);
                        desired.notes.extend(label_of_pods(principal));
                        continue;
                    }
                    Err(why) => unsaid = why,
                }
            }
            // What the control plane doesn't say, the service accounts do.
            match control_plane {
                _ if annotates => {
                    desired.takes_over.extend(delivery.handed_off_as_annotations(principal));
                    desired.objects.extend(cloudgrant_platform_kubernetes::objects(principal));
                    desired.notes.extend(label_of_pods(principal));
                }
                Some(Settings(_)) => set.push(principal.clone()),
                None | Some(Admin(_)) => {
                    desired.notes.extend(unsaid);
                    handed_off.push(principal.clone());
                }
            }
        }
        // A setting names an account, and the account its principal.
        for (scope, principals) in by_scope(&set) {
            let object = service_accounts::object(scope, &principals).map(|mut object| {
                // Nobody is asked to annotate for a principal that no plan makes.
                object.depends_on = principals.iter().flat_map(|principal| principal.depends_on.clone()).collect();
                object
            });
            desired.objects.extend(object);
        }
        desired.extend(delivery.desired(&self.tenancy, &handed_off, ask)?);
        desired.overridden = overridden(principals);
        if looks {
            see_in_cluster(&mut desired.objects, principals);
        }
        Ok(desired)
    }

    /// The attribute by which Flyte admin is told of a principal.
    ///
    /// # Errors
    /// None says it, and why.
    fn attribute<'a>(&'a self, delivery: &'a Delivery, principal: &Principal) -> Result<&'a str, Option<Note>> {
        if !self.tenancy.naming.has_own_namespaces(principal.scope.kind()) {
            return Err(self.without_namespaces(principal));
        }
        let named = self.keys.attribute.as_ref().map(Attribute::name);
        delivery.attribute(principal, named).ok_or_else(|| without_attribute(principal))
    }

    /// The settings that name a principal's service accounts: each after the annotation of its account, where cloudgrant makes that.
    fn settings(&self, principal: &Principal) -> Vec<Object> {
        let mut settings = cloudgrant_platform_settings::objects(principal);
        if !self.keys.delivery.annotates() || matches!(principal.identity, Identity::BoundByCloud { .. }) {
            return settings;
        }
        // There is one for each pair that it serves, in their order.
        for (setting, (_, subject)) in settings.iter_mut().zip(&principal.serves) {
            let account = format!("{}/{}", subject.namespace(), subject.service_account());
            setting.depends_on.push(ObjectId::new(SERVICE_ACCOUNT_ANNOTATION, account));
        }
        settings
    }

    /// That an attribute can't say what a principal's service accounts name.
    fn without_namespaces(&self, principal: &Principal) -> Option<Note> {
        let binding = principal.because.iter().find(|intent| matches!(intent, IntentId::Binding(_)))?;
        let message = format!(
            "the platform's sync annotates one service account in each namespace, and scopes share namespaces here (`{}`), so that \
             no attribute can say it: the service accounts are annotated, by somebody else or with `platform.delivery: kubernetes`",
            self.tenancy.naming.template()
        );
        Some(Note::info(binding, message))
    }

    /// That the manifest has keys of this section that have no effect on what the platform is told.
    fn without_effect(&self, delivery: &Delivery, principals: &[Principal]) -> Vec<Note> {
        let has_attribute = |principal: &Principal| self.attribute(delivery, principal).is_ok();
        let has_own_namespaces = |principal: &Principal| self.tenancy.naming.has_own_namespaces(principal.scope.kind());
        let told = Told {
            principals,
            has_attribute: &has_attribute,
            has_own_namespaces: &has_own_namespaces,
            untold: delivery.untold,
        };
        told.notes(&self.keys)
    }

    /// How pairs stop running under a principal: a sentence.
    pub fn unbinding(&self, delivery: &Delivery, bound: &[String]) -> String {
        const OF_ACCOUNTS: &str =
            "The service accounts lose the annotation first, in the same run; pods that run by then still name it";
        const OF_RECORDS: &str = "The cluster resource attributes go first, in the same run; the platform's default is back with its next \
                                  sync, and pods that start before that still name what is gone";
        const OF_SETTINGS: &str = "The settings go first, in the same run; runs that start after it have the account of their domain again, and \
                                   pods that run by then still have theirs";
        const OF_SETTINGS_ALONE: &str = "The settings go first, in the same run; runs that start after it have the account of their domain \
                                         again, and pods that run by then still have theirs. Whoever annotated the service accounts takes \
                                         that out";
        // Where somebody else delivers by now, the run takes away what cloudgrant wrote until then, and nothing of theirs.
        const OF_ACCOUNTS_LEFT: &str = "Annotations that this stack made go first, in the same run; those of others stay until they take \
                                        them off, and pods that run by then still name it";
        const OF_RECORDS_LEFT: &str = "Cluster resource attributes that this stack set go first, in the same run; those of others stay until they \
                                       take them out, and the platform goes on annotating by them";
        const OF_SETTINGS_LEFT: &str = "Settings that this stack made go first, in the same run; those of others stay until they take them out, \
                                        and runs go on having the account that they name";
        use ControlPlane::{Admin, Settings};
        let Deliveries { control_plane, cluster } = self.keys.delivery;
        let of_control_plane = control_plane.map(|by| match by {
            Admin(Who::Cloudgrant) => OF_RECORDS,
            Admin(Who::SomebodyElse) => OF_RECORDS_LEFT,
            Settings(Who::SomebodyElse) => OF_SETTINGS_LEFT,
            Settings(Who::Cloudgrant) if cluster == Some(Who::Cloudgrant) => OF_SETTINGS,
            Settings(Who::Cloudgrant) => OF_SETTINGS_ALONE,
        });
        let of_cluster = cluster.map(|who| match who {
            Who::Cloudgrant => OF_ACCOUNTS,
            Who::SomebodyElse => OF_ACCOUNTS_LEFT,
        });
        let by_itself: Vec<_> = of_control_plane.into_iter().chain(of_cluster).collect();
        let by_itself = by_itself.join(". ");
        let by_others = match (control_plane, cluster) {
            (None, None) => return delivery.unbinding(&self.tenancy, bound),
            // Nobody has to do anything for what cloudgrant wrote; whoever delivers by now may have bound it as well.
            _ if bound.is_empty() => return by_itself,
            (Some(Settings(Who::SomebodyElse)), _) => {
                format!("What somebody else set by then: {}", service_account_settings::unbinding(bound))
            }
            (None | Some(Admin(Who::SomebodyElse)), None | Some(Who::SomebodyElse)) => {
                format!("What somebody else bound by then: {}", delivery.unbinding(&self.tenancy, bound))
            }
            _ => return by_itself,
        };
        format!("{by_itself}. {by_others}")
    }
}

/// Has what somebody else is asked for, so that service accounts are annotated, be seen in the cluster, which is read for what cloudgrant
/// takes away there: the annotations themselves, or the attributes of which the platform makes them.
fn see_in_cluster(objects: &mut [Object], principals: &[Principal]) {
    let mut served: BTreeMap<ObjectId, Vec<(&Principal, &Subject)>> = BTreeMap::new();
    for principal in principals {
        for (pair, subject) in &principal.serves {
            for name in [pair.to_string(), principal.scope.slug()] {
                served.entry(ObjectId::new(PLATFORM_BINDING, name)).or_default().push((principal, subject));
            }
        }
    }
    for object in objects {
        for (principal, account) in served.get(&object.id).into_iter().flatten() {
            cloudgrant_platform_kubernetes::seen_on(object, principal, [*account]);
        }
    }
}

/// The service accounts whose pods the cloud itself gives a principal, whoever annotates them.
fn overridden(principals: &[Principal]) -> BTreeMap<Subject, &'static str> {
    let of_one = |principal: &Principal| match principal.identity {
        Identity::BoundByCloud { overridden, .. } => {
            principal.serves.iter().map(|(_, subject)| (subject.clone(), overridden)).collect()
        }
        Identity::Known { .. } | Identity::Presented { .. } | Identity::Asked(_) => Vec::new(),
    };
    principals.iter().flat_map(of_one).collect()
}
