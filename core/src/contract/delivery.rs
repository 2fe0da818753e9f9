//! What a cloud tells the platform of: the principals under which task code is to run.

use serde_json::Value;

use crate::contract::object::ObjectId;
use crate::contract::object::desired::Desired;
use crate::contract::object::reference::Outputs;
use crate::vocabulary::intent::IntentId;
use crate::vocabulary::principal::Subject;
use crate::vocabulary::scope::{Pair, Scope};
use crate::vocabulary::tenancy::distinct;

/// What a cloud answers when it is to bind scopes: which objects must exist, and which principals the platform is to be told
/// of.
#[derive(Debug, Default)]
pub struct Bound {
    /// The objects.
    pub desired: Desired,
    /// The principals. None for a scope whose task code runs under the platform's own principal anyway.
    pub principals: Vec<Principal>,
}

impl From<Desired> for Bound {
    fn from(desired: Desired) -> Self {
        Self { desired, principals: Vec::new() }
    }
}

impl Bound {
    /// Adds another answer to this one.
    pub fn extend(&mut self, other: Self) {
        self.desired.extend(other.desired);
        self.principals.extend(other.principals);
    }
}

/// A principal of a scope, and whose task code is to run under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Principal {
    /// The scope. It must be one that was asked for.
    pub scope: Scope,
    /// The intents for which it exists: its scope's binding first.
    pub because: Vec<IntentId>,
    /// Those whose task code runs under it: never somebody whom a narrower scope serves.
    pub serves: Vec<(Pair, Subject)>,
    /// What must be there before the platform is told of it.
    pub depends_on: Vec<ObjectId>,
    /// Which principal it is, or who has to make it.
    pub identity: Identity,
}

/// Which principal it is, or who has to make it.
#[derive(Debug, Clone, PartialEq)]
pub enum Identity {
    /// One that is there, or that the same plan makes.
    Known {
        /// What it is called, for people.
        name: String,
        /// How a service account says that its pods are this principal.
        annotation: Annotation,
        /// The OpenID Connect issuers whose service accounts it trusts: one for each cluster.
        issuers: Vec<String>,
    },
    /// One that the cloud itself gives to the pods of the service accounts that it serves: nothing is written on these.
    BoundByCloud {
        /// What it is called, for people.
        name: String,
        /// What records of the platform's call it, such as a role's ARN.
        identifier: String,
        /// The annotation by which a service account names another principal where the cloud doesn't do it, and which means nothing
        /// beside this.
        overridden: &'static str,
        /// The OpenID Connect issuers of the clusters, as far as anybody knows them.
        issuers: Vec<String>,
    },
    /// One that a workload presents to the cloud itself ([`RunsAs::Application`](crate::RunsAs::Application),
    /// [`RunsAs::AssumedBy`](crate::RunsAs::AssumedBy)): the platform is told which one it is, and no service account is.
    Presented {
        /// What it is called, for people.
        name: String,
        /// What the cloud calls it: a client ID, a role's ARN.
        identifier: Identifier,
        /// Where it is, in the cloud's words: what each thing is called, and which one it is, such as the tenant.
        place: Vec<(&'static str, String)>,
    },
    /// One that only the platform's vendor can make.
    Asked(Asked),
}

impl Identity {
    /// The OpenID Connect issuers of the clusters in which a principal is used that is there or that the same plan makes.
    pub(crate) fn issuers(&self) -> &[String] {
        match self {
            Self::Known { issuers, .. } | Self::BoundByCloud { issuers, .. } => issuers,
            Self::Presented { .. } | Self::Asked(_) => &[],
        }
    }

    /// Where an identifier stands that the cloud may have yet to choose.
    fn identifier_mut(&mut self) -> Option<&mut Identifier> {
        match self {
            Self::Known { annotation, .. } => Some(&mut annotation.value),
            Self::Presented { identifier, .. } => Some(identifier),
            Self::BoundByCloud { .. } | Self::Asked(_) => None,
        }
    }
}

/// An annotation of a Kubernetes service account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// Its key.
    pub key: &'static str,
    /// Its value.
    pub value: Identifier,
    /// The label that pods must carry to take part, where there is one: its key and its value.
    pub pod_label: Option<(&'static str, &'static str)>,
}

/// What identifies a principal: a role's ARN, a client ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier {
    /// It is known before anything is made.
    Known(String),
    /// The cloud chooses it when it makes the principal: core puts it in where the principal is there
    /// ([`Observed::outputs`](crate::Observed::outputs)).
    Chosen {
        /// The object that has it.
        object: ObjectId,
        /// What the cloud calls it.
        output: &'static str,
        /// The command that prints it, once the principal is there.
        command: String,
    },
}

/// The principals of a manifest, and how far they are as it says.
#[derive(Debug, Clone, Default)]
pub struct Principals {
    /// The principals, each with what is known of it.
    pub known: Vec<Principal>,
    /// Of these principals, whom they trust and what they carry, what an apply would still make or change: until then task
    /// code can't run under them as the manifest says.
    pub pending: Vec<ObjectId>,
}

impl Principal {
    /// The service accounts whose task code runs under it, each once: several pairs may have one.
    pub fn service_accounts(&self) -> Vec<&Subject> {
        distinct(&self.serves)
    }

    /// The same, with what is known of it by now.
    pub(crate) fn with(mut self, outputs: &Outputs) -> Self {
        if let Some(identifier) = self.identity.identifier_mut()
            && let Identifier::Chosen { object, output, .. } = identifier
            && let Some(value) = outputs.get(object).and_then(|of_object| of_object.get(*output))
        {
            *identifier = Identifier::Known(value.clone());
        }
        self
    }
}

/// A file that a platform is told by, for those who keep such files in a repository from which something else applies them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryFile {
    /// Its path, from the folder in which all of them are: names and `/`.
    pub path: String,
    /// What it is for, in a sentence: it stands at its top, as a comment.
    pub purpose: String,
    /// What is in it: YAML.
    pub content: String,
}

/// A principal that the vendor is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Where it is to be, in the cloud's words: what each thing is called, and which one it is.
    pub place: Vec<(&'static str, String)>,
    /// What it is in the cloud's words: `user-assigned managed identity`.
    pub kind: &'static str,
    /// The OpenID Connect issuers whose service accounts it has to trust; empty where that is the vendor's to know.
    pub issuers: Vec<String>,
    /// For whom their tokens are.
    pub audience: String,
    /// The lines of the manifest that name it once it is there.
    pub named_by: String,
    /// What it is given then, in the cloud's words: lines for people.
    pub permissions: Vec<String>,
    /// The same for programs.
    pub attributes: Value,
}
