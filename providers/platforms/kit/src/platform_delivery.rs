//! Who tells a platform: somebody else, or cloudgrant itself.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use cloudgrant_core::{
    Asked, Backend, Desired, Identity, IntentId, Intents, Note, PermissionDocument, PlatformContext, Principal,
    Purpose, Result, Scope, Subject, Tenancy, WayTo,
};
use cloudgrant_platform_admin::{AdminRecords, unfit_attribute};
use cloudgrant_platform_control_plane::unfit_host;
use cloudgrant_platform_kubernetes::ServiceAccounts;
use cloudgrant_platform_settings::SettingsRecords;
use serde::{Deserialize, Deserializer};

use crate::{Delivery, annotation, by_scope, service_account_settings, service_accounts};

/// The keys of the section `platform` that are for these platforms alone.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// Who tells the platform.
    pub delivery: DeliveryMethod,
    /// The cluster resource attribute of which the platform's own templates make the annotation, where its charts' isn't the one.
    #[serde(deserialize_with = "written")]
    pub attribute: Option<Attribute>,
    /// The host of the deployment that is meant. It leads nowhere: any other that the surroundings name is refused.
    #[serde(deserialize_with = "written")]
    pub deployment: Option<Host>,
}

/// Reads what may be left out and isn't null: that would mean another attribute, and any deployment.
///
/// # Errors
/// What is written isn't of the type.
pub fn written<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The name of a cluster resource attribute.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Attribute(String);

impl TryFrom<String> for Attribute {
    type Error = String;

    fn try_from(name: String) -> std::result::Result<Self, String> {
        match unfit_attribute(&name) {
            Some(why) => Err(why),
            None => Ok(Self(name)),
        }
    }
}

/// The host of a deployment, or its host and port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Host(String);

impl TryFrom<String> for Host {
    type Error = String;

    fn try_from(host: String) -> std::result::Result<Self, String> {
        match unfit_host(&host) {
            Some(why) => Err(why),
            None => Ok(Self(host)),
        }
    }
}

/// Who tells a platform under which principal task code runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryMethod {
    /// Somebody else, who gets all that they need.
    #[default]
    Handoff,
    /// cloudgrant, which annotates the service accounts in the cluster.
    Kubernetes,
    /// Somebody else from now on: cloudgrant takes away what it annotated.
    LeaveKubernetes,
    /// cloudgrant, which sets the cluster resource attributes by Flyte admin's REST API.
    Admin,
    /// Somebody else from now on: cloudgrant takes away the attributes that it set.
    LeaveAdmin,
    /// cloudgrant, which sets the service accounts of tasks by the settings service of Flyte 2 and Union 2; the annotations of these
    /// are left to somebody else.
    Settings,
    /// Somebody else from now on: cloudgrant takes away the settings that it set.
    LeaveSettings,
}

/// The sandboxes that stand in for a cluster, and for the platform's control plane.
const CLUSTER: &str = "kubernetes";
const CONTROL_PLANE: &str = "flyte";

/// Tells a platform, by the way that its manifest selects.
#[derive(Debug)]
pub struct PlatformDelivery {
    keys: Keys,
    tenancy: Arc<Tenancy>,
    by: Option<DeliveryBackend>,
}

/// By what cloudgrant tells.
#[derive(Debug)]
enum DeliveryBackend {
    Accounts(Box<ServiceAccounts>),
    Records(Box<AdminRecords>),
    Settings(Box<SettingsRecords>),
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
                Some(Host(host)) => records.only_at(host.clone()),
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
                Some(Host(host)) => settings.only_at(host.clone()),
                None => settings,
            };
            match said("/flyte/endpoint") {
                Some(endpoint) => settings.in_sandbox(endpoint),
                None if context.is_cloud_in_sandbox => settings.only_in_sandbox(),
                None => settings,
            }
        };
        let by = match keys.delivery {
            DeliveryMethod::Handoff => None,
            DeliveryMethod::Kubernetes => Some(DeliveryBackend::Accounts(Box::new(accounts()))),
            DeliveryMethod::LeaveKubernetes => Some(DeliveryBackend::Accounts(Box::new(accounts().leaving()))),
            DeliveryMethod::Admin | DeliveryMethod::LeaveAdmin => Some(DeliveryBackend::Records(Box::new(records()))),
            DeliveryMethod::Settings | DeliveryMethod::LeaveSettings => {
                Some(DeliveryBackend::Settings(Box::new(settings())))
            }
        };
        Self { keys, tenancy: context.tenancy.clone(), by }
    }

    /// Who reads and writes what the platform is told, where that is cloudgrant.
    pub fn backend(&self) -> Option<&dyn Backend> {
        self.by.as_ref().map(|by| match by {
            DeliveryBackend::Accounts(accounts) => accounts.as_ref() as _,
            DeliveryBackend::Records(records) => records.as_ref() as _,
            DeliveryBackend::Settings(settings) => settings.as_ref() as _,
        })
    }

    /// What somebody has to say so that a place is searched at which cloudgrant told a platform.
    pub fn way_to(&self, place: &str) -> Option<WayTo> {
        const DEPLOYMENT: &str =
            "name the deployment as Flyte's tools take it: FLYTE_PLATFORM_URL, or ~/.flyte/config.yaml";
        const KEY: &str = "(without a manifest, the variable CLOUDGRANT_PLATFORM__DELIVERY)";
        let delivery = self.keys.delivery;
        let (value, is_set, select, variable) = if cloudgrant_platform_kubernetes::is_place(place) {
            let select = "select that cluster: `kubectl config use-context NAME`, or KUBECONFIG";
            (
                "leave-kubernetes",
                matches!(delivery, DeliveryMethod::Kubernetes | DeliveryMethod::LeaveKubernetes),
                select,
                "KUBECONFIG",
            )
        } else if cloudgrant_platform_admin::is_place(place) {
            (
                "leave-admin",
                matches!(delivery, DeliveryMethod::Admin | DeliveryMethod::LeaveAdmin),
                DEPLOYMENT,
                "FLYTE_PLATFORM_URL",
            )
        } else if cloudgrant_platform_settings::is_place(place) {
            let is_set = matches!(delivery, DeliveryMethod::Settings | DeliveryMethod::LeaveSettings);
            ("leave-settings", is_set, DEPLOYMENT, "FLYTE_PLATFORM_URL")
        } else {
            return None;
        };
        let told = match is_set {
            true => select.to_owned(),
            false => format!("set `platform.delivery: {value}` {KEY}, and {select}"),
        };
        Some(WayTo { told, setting: ("delivery", value), is_set, variable })
    }

    /// The sandbox that stands in for what is written.
    pub fn sandbox(&self) -> Option<&'static str> {
        self.by.as_ref().map(|by| match by {
            DeliveryBackend::Accounts(_) => CLUSTER,
            DeliveryBackend::Records(_) | DeliveryBackend::Settings(_) => CONTROL_PLANE,
        })
    }

    /// What whoever runs cloudgrant must be allowed for that.
    pub fn permissions(&self, intents: &Intents, purpose: Purpose) -> Vec<PermissionDocument> {
        let document = self.by.as_ref().map(|by| match by {
            DeliveryBackend::Accounts(accounts) => accounts.permissions(intents, purpose),
            DeliveryBackend::Records(records) => records.permissions(intents, purpose),
            DeliveryBackend::Settings(settings) => settings.permissions(intents, purpose),
        });
        Vec::from_iter(document)
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
        match self.keys.delivery {
            DeliveryMethod::Handoff | DeliveryMethod::LeaveKubernetes | DeliveryMethod::LeaveAdmin => {
                let mut desired = delivery.desired(&self.tenancy, principals, ask)?;
                desired.notes.extend(self.unused());
                desired.overridden = overridden(principals);
                return Ok(desired);
            }
            DeliveryMethod::Kubernetes
            | DeliveryMethod::Admin
            | DeliveryMethod::Settings
            | DeliveryMethod::LeaveSettings => {}
        }
        let named = self.keys.attribute.as_ref().map(|Attribute(name)| name.as_str());
        let (mut desired, mut handed_off, mut set) = (Desired::default(), Vec::new(), Vec::new());
        desired.notes.extend(self.unused());
        for principal in principals {
            match (&principal.identity, self.keys.delivery) {
                (Identity::Asked(asked), _) => desired.extend(ask(principal, asked)?),
                (Identity::Known { .. }, DeliveryMethod::Admin) if !self.has_own_namespaces(principal) => {
                    desired.notes.extend(self.without_namespaces(principal));
                    handed_off.push(principal.clone());
                }
                (Identity::Known { .. }, DeliveryMethod::Admin) => match delivery.attribute(principal, named) {
                    Some(attribute) => {
                        desired.takes_over.extend(delivery.handed_off_as_attributes(principal, attribute));
                        desired.objects.extend(cloudgrant_platform_admin::objects(principal, attribute)?);
                        desired.notes.extend(label_of_pods(principal));
                    }
                    None => {
                        desired.notes.extend(without_attribute(principal));
                        handed_off.push(principal.clone());
                    }
                },
                // Whoever delivers from now on does the same, by the platform's own tool.
                (Identity::Known { .. }, DeliveryMethod::LeaveSettings) => {
                    desired.objects.extend(service_account_settings::objects(principal));
                    set.push(principal.clone());
                }
                (Identity::BoundByCloud { .. }, DeliveryMethod::Settings) => {
                    desired.takes_over.extend(service_account_settings::all_handed_off(principal));
                    desired.objects.extend(cloudgrant_platform_settings::objects(principal));
                }
                (Identity::BoundByCloud { .. }, DeliveryMethod::LeaveSettings) => {
                    desired.objects.extend(service_account_settings::objects(principal));
                }
                (Identity::BoundByCloud { .. }, _) => {}
                (Identity::Known { .. }, DeliveryMethod::Settings) => {
                    desired.takes_over.extend(service_account_settings::all_handed_off(principal));
                    desired.objects.extend(cloudgrant_platform_settings::objects(principal));
                    set.push(principal.clone());
                }
                (Identity::Known { .. }, _) => {
                    desired.takes_over.extend(delivery.handed_off_as_annotations(principal));
                    desired.objects.extend(cloudgrant_platform_kubernetes::objects(principal));
                    desired.notes.extend(label_of_pods(principal));
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
        Ok(desired)
    }

    fn has_own_namespaces(&self, principal: &Principal) -> bool {
        self.tenancy.naming.has_own_namespaces(principal.scope.kind())
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

    /// That the manifest has keys for the platform's control plane where cloudgrant doesn't ask it.
    fn unused(&self) -> Vec<Note> {
        let Keys { delivery, attribute, deployment } = &self.keys;
        let is_admin = matches!(delivery, DeliveryMethod::Admin | DeliveryMethod::LeaveAdmin);
        let is_settings = matches!(delivery, DeliveryMethod::Settings | DeliveryMethod::LeaveSettings);
        let attribute = attribute.as_ref().filter(|_| !is_admin).map(|_| {
            Note::warning("platform.attribute", "it is for `platform.delivery: admin`, and has no effect here")
        });
        let deployment = deployment.as_ref().filter(|_| !is_admin && !is_settings).map(|_| {
            let message = "it is for `platform.delivery: admin` and `settings`, and has no effect here";
            Note::warning("platform.deployment", message)
        });
        attribute.into_iter().chain(deployment).collect()
    }

    /// How pairs stop running under a principal: a sentence.
    pub fn unbinding(&self, delivery: &Delivery, bound: &[String]) -> String {
        const OF_ACCOUNTS: &str =
            "The service accounts lose the annotation first, in the same run; pods that run by then still name it";
        const OF_RECORDS: &str = "The cluster resource attributes go first, in the same run; the platform's default is back with its next \
                                  sync, and pods that start before that still name what is gone";
        const OF_SETTINGS: &str = "The settings go first, in the same run; runs that start after it have the account of their domain again, and \
                                   pods that run by then still have theirs. Whoever annotated the service accounts takes that out";
        let by_itself = match self.keys.delivery {
            DeliveryMethod::Handoff => return delivery.unbinding(&self.tenancy, bound),
            DeliveryMethod::Kubernetes | DeliveryMethod::LeaveKubernetes => OF_ACCOUNTS,
            DeliveryMethod::Admin | DeliveryMethod::LeaveAdmin => OF_RECORDS,
            DeliveryMethod::Settings | DeliveryMethod::LeaveSettings => OF_SETTINGS,
        };
        match (self.keys.delivery, bound) {
            (DeliveryMethod::LeaveSettings, [_, ..]) => {
                format!("{by_itself}. What somebody else set by then: {}", service_account_settings::unbinding(bound))
            }
            (DeliveryMethod::LeaveKubernetes | DeliveryMethod::LeaveAdmin, [_, ..]) => {
                let others = delivery.unbinding(&self.tenancy, bound);
                format!("{by_itself}. What somebody else bound by then: {others}")
            }
            // Nobody has to do anything for what cloudgrant wrote; whoever delivers by now may have bound it as well.
            _ => by_itself.to_owned(),
        }
    }
}

/// The service accounts whose pods the cloud itself gives a principal, whoever annotates them.
fn overridden(principals: &[Principal]) -> BTreeMap<Subject, &'static str> {
    let of_one = |principal: &Principal| match principal.identity {
        Identity::BoundByCloud { overridden, .. } => {
            principal.serves.iter().map(|(_, subject)| (subject.clone(), overridden)).collect()
        }
        Identity::Known { .. } | Identity::Asked(_) => Vec::new(),
    };
    principals.iter().flat_map(of_one).collect()
}

/// That no template of the platform's is known to take a principal.
fn without_attribute(principal: &Principal) -> Option<Note> {
    let annotation = annotation(principal)?;
    let binding = principal.because.iter().find(|intent| matches!(intent, IntentId::Binding(_)))?;
    let message = format!(
        "the platform's charts make no annotation {} of any attribute, so that it is handed off; where templates of your own do, \
         name the attribute: `platform.attribute`",
        annotation.key
    );
    Some(Note::info(binding, message))
}

/// What is on the service account counts for pods that carry a label, where there is one.
fn label_of_pods(principal: &Principal) -> Option<Note> {
    let (key, value) = annotation(principal)?.pod_label?;
    let binding = principal.because.iter().find(|intent| matches!(intent, IntentId::Binding(_)))?;
    Some(Note::info(
        binding,
        format!("pods of the annotated service accounts take part when they are labelled {key}: \"{value}\""),
    ))
}
