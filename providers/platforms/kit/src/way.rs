//! Who tells a platform: somebody else, or cloudgrant itself.

use std::path::PathBuf;

use cloudgrant_core::{
    Asked, Backend, Desired, Identity, IntentId, Intents, Note, Permissions, PlatformContext, Principal, Purpose,
    Result,
};
use cloudgrant_platform_kubernetes::{ServiceAccounts, objects};
use serde::Deserialize;
use serde_json::Value;

use crate::{Delivery, annotation};

/// The keys of the section `platform` that are for these platforms alone.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// Who tells the platform.
    pub delivery: Way,
}

/// Who tells a platform under which principal task code runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Somebody else, who gets all that they need.
    #[default]
    Handoff,
    /// cloudgrant, which annotates the service accounts in the cluster.
    Kubernetes,
    /// Somebody else from now on: cloudgrant takes away what it annotated.
    LeaveKubernetes,
}

/// The sandbox that stands in for a cluster.
const SANDBOX: &str = "kubernetes";

/// Tells a platform, by the way that its manifest selects.
#[derive(Debug)]
pub struct Teller {
    way: Way,
    accounts: Option<ServiceAccounts>,
}

impl Teller {
    /// By the way that the keys select.
    pub fn new(keys: Keys, context: &PlatformContext) -> Self {
        let accounts = || {
            let accounts = ServiceAccounts::new(&context.stack, &context.home);
            let kubeconfig = context.sandbox.as_ref().and_then(|says| says.pointer("/kubernetes/kubeconfig"));
            match kubeconfig.and_then(Value::as_str) {
                Some(kubeconfig) => accounts.in_sandbox(PathBuf::from(kubeconfig)),
                None if context.is_cloud_in_sandbox => accounts.only_in_sandbox(),
                None => accounts,
            }
        };
        let accounts = match keys.delivery {
            Way::Handoff => None,
            Way::Kubernetes => Some(accounts()),
            Way::LeaveKubernetes => Some(accounts().leaving()),
        };
        Self { way: keys.delivery, accounts }
    }

    /// Who reads and writes what the platform is told, where that is cloudgrant.
    pub fn backend(&self) -> Option<&dyn Backend> {
        self.accounts.as_ref().map(|accounts| accounts as _)
    }

    /// The sandbox that stands in for what is written.
    pub fn sandbox(&self) -> Option<&'static str> {
        self.accounts.as_ref().map(|_| SANDBOX)
    }

    /// What whoever runs cloudgrant must be allowed for that.
    pub fn permissions(&self, intents: &Intents, purpose: Purpose) -> Vec<Permissions> {
        self.accounts.iter().map(|accounts| accounts.permissions(intents, purpose)).collect()
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
        if self.way != Way::Kubernetes {
            return delivery.desired(principals, ask);
        }
        let mut desired = Desired::default();
        for principal in principals {
            match &principal.identity {
                Identity::Asked(asked) => desired.extend(ask(principal, asked)?),
                Identity::Known { .. } => {
                    desired.objects.extend(objects(principal));
                    desired.notes.extend(label_of_pods(principal));
                }
            }
        }
        Ok(desired)
    }

    /// How pairs stop running under a principal: a sentence.
    pub fn unbinding(&self, delivery: &Delivery, bound: &[String]) -> String {
        const BY_ITSELF: &str =
            "The service accounts lose the annotation first, in the same run; pods that run by then still name it";
        match (self.way, bound) {
            (Way::Handoff, _) => delivery.attributes.unbinding(bound),
            // Nobody has to do anything for what cloudgrant annotated; whoever delivers by now may have bound it as well.
            (Way::Kubernetes, _) | (Way::LeaveKubernetes, []) => BY_ITSELF.to_owned(),
            (Way::LeaveKubernetes, bound) => {
                format!("{BY_ITSELF}. What somebody else bound by then: {}", delivery.attributes.unbinding(bound))
            }
        }
    }
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
