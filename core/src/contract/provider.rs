//! The contract: what a cloud must do to be a provider.

pub(crate) mod capability;
pub(crate) mod client_code;
pub(crate) mod connect;
pub(crate) mod permission_document;
pub(crate) mod permissions;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;

use crate::contract::backend::Backend;
use crate::contract::backend::stacks::Stacks;
use crate::contract::delivery::Bound;
use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::object::attributes::Attributes;
use crate::contract::object::confirmed::Confirmed;
use crate::contract::object::desired::Desired;
use crate::contract::object::how_asked::HowAsked;
use crate::contract::object::observed::Widened;
use crate::contract::object::remainder::Remainder;
use crate::contract::object::{Handoff, Object, ObjectId};
use crate::contract::provider::client_code::ClientCode;
use crate::contract::provider::permission_document::{PermissionDocument, Purpose};
use crate::contract::provider::permissions::Permissions;
use crate::vocabulary::access::Access;
use crate::vocabulary::checked::Checked;
use crate::vocabulary::intent::{IntentId, Intents, Reach, RegistryAccess, ScopeBinding, TaskAccess};
use crate::vocabulary::names::GrantName;
use crate::vocabulary::resource::Resource;
use crate::vocabulary::scope::Scope;

/// One cloud, connected.
///
/// The verbs say what must exist, and what is there its [`Backend`] says. What may be done comes first
/// ([`grant_task_access`](Self::grant_task_access)), and who does it takes that up ([`bind_scope`](Self::bind_scope)); registries
/// ([`enable_registry`](Self::enable_registry)) are asked for beside these two. Core puts the answers together: an object that
/// two of them have in the same form is one.
///
/// In a cloud where a policy is an object that principals name, the two verbs are:
///
#[doc = include_str!("provider/example.md")]
#[async_trait]
pub trait Provider: Backend {
    /// What is wrong with the intents, as far as it can be told without the cloud.
    ///
    /// # Behavior
    /// - Sends nothing.
    /// - Reports every problem, each at its key path (`resources.NAME.PROVIDER`, `grants.NAME`, ...).
    fn validate(&self, intents: &Intents) -> Vec<Diagnostic> {
        let _ = intents;
        Vec::new()
    }

    /// Why sound intents are never made, whatever the cloud says: what they need is protected. Whoever makes them is refused
    /// before anything is asked; whoever only takes something away goes past it, also where the rest still has them.
    ///
    /// # Behavior
    /// - Sends nothing.
    fn refusal(&self, intents: &Intents) -> Option<Error> {
        let _ = intents;
        None
    }

    /// Whether the provider's section of the manifest says itself what a level on a resource comes to in grants, such as
    /// by naming another role: then what [`Capabilities::inexact`](crate::Capabilities::inexact) says of it isn't so there,
    /// and the provider tells what is.
    fn settles_level(&self, resource: &Resource, access: Access) -> bool {
        let _ = (resource, access);
        false
    }

    /// What tells the stack's own objects from those of other stacks of its name, in the cloud's words: the account and the
    /// cluster's issuer, the subscription and the resource group. The same in every run, and in a line.
    fn home(&self) -> String {
        self.place()
    }

    /// What the grants come to: what may be done for each of their scopes, and which objects must exist for that, whoever carries it.
    ///
    /// Needs a level in [`Capabilities::kinds`](crate::Capabilities::kinds).
    ///
    /// # Behavior
    /// - May read the cloud, never writes.
    /// - Gets the whole batch, so that it can pack and share; answers with nothing for an empty one.
    /// - Gives what may be done at exactly the scope of the grants that ask for it; core refuses every other answer.
    /// - Gives each object the scope of the grants for which it exists, and names these. What several scopes share it
    ///   gives once for each of them, in the same form: core makes it one object, for all of their grants.
    /// - Where others are revoked beside these grants ([`TaskAccess::beside_revoked`]), gives an object that is for several
    ///   grants as it is, less what is revoked, and names it in [`Desired::less_revoked`]; also in [`Desired::unasked`] where
    ///   something is in it that no grant asks for. Where each grant has objects of its own, core sees to that.
    ///
    /// # Errors
    /// What is taken for granted isn't there, or the cloud doesn't answer.
    async fn grant_task_access(&self, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Permissions>;

    /// Which objects must exist so that the platform's infrastructure can use the registries.
    ///
    /// Needs a level in [`Capabilities::registry`](crate::Capabilities::registry).
    ///
    /// # Behavior
    /// - As [`grant_task_access`](Self::grant_task_access).
    /// - Where nothing needs to be done, a note says so.
    ///
    /// # Errors
    /// As [`grant_task_access`](Self::grant_task_access).
    async fn enable_registry(&self, registries: &[Checked<RegistryAccess>]) -> Result<Desired>;

    /// Which objects must exist so that task code of a scope runs under a principal of that scope, and that
    /// principal carries the binding's grants.
    ///
    /// Needs the scope's kind in [`Capabilities::scopes`](crate::Capabilities::scopes).
    ///
    /// `permissions` is what [`grant_task_access`](Self::grant_task_access) answered a moment before: it has all grants that the
    /// bindings have. Where that verb fails, this one isn't asked.
    ///
    /// # Behavior
    /// - Reads, packs and shares as [`grant_task_access`](Self::grant_task_access).
    /// - Has each principal carry what the binding's grants come to, from the permissions, and works out none of it anew.
    /// - Trusts exactly the binding's subjects, never a pattern.
    /// - Says of each principal that task code isn't yet told of which it is ([`Principal`](crate::Principal)): to tell the
    ///   platform is the platform's own plugin's to do. So its kinds of objects are the cloud's alone.
    /// - Its objects may depend on those of the permissions.
    ///
    /// # Errors
    /// As [`grant_task_access`](Self::grant_task_access).
    async fn bind_scope(&self, bindings: &[Checked<ScopeBinding>], permissions: &Permissions) -> Result<Bound>;

    /// What is left of one of the cloud's objects without what it says itself to be of some grants: where a provider writes the names
    /// of grants into it. Asked of what no grant asks for that stays, as these were edited since they were applied.
    ///
    /// # Behavior
    /// - [`Remainder::Untold`] where nothing in it names one of them. What names no grant is none's.
    fn without_grants(&self, object: &ObjectId, there: &Value, grants: &[GrantName]) -> Remainder {
        let _ = (object, there, grants);
        Remainder::Untold
    }

    /// Whether an object that says of no part whose it is holds nothing but what some grants ask for, in whatever object. Asked of what
    /// nothing in the manifest asks for in that form any more. `asked` is what these grants ask for by themselves.
    fn holds_only(&self, object: &ObjectId, there: &Value, asked: &BTreeMap<ObjectId, Attributes>) -> bool {
        let _ = (object, there, asked);
        false
    }

    /// Whether two objects give access to the same thing, each to a principal of its own. Asked of what goes with the principal of a scope of which
    /// no grant stays, and of what a grant that stays asks for in its place and what isn't there. Without an answer of the provider's,
    /// all objects of a kind count as such.
    fn give_same(&self, one: (&ObjectId, &Value), other: (&ObjectId, &Value)) -> bool {
        one.0.kind == other.0.kind
    }

    /// Whether something that one reach gives, another one gives as well, to the same task code; each with its grant. Asked of grants that
    /// stay and of what is revoked: whoever revokes is told that it can still be reached. Without an answer of the provider's, locators
    /// count as they are written, and levels as all clouds have them.
    ///
    /// # Behavior
    /// - Sends nothing.
    /// - Compares what locators name, in whatever form, and what the cloud gives for the levels, or for what the manifest names instead.
    /// - Where only the cloud could tell, the answer is yes: access that stays must not go unsaid.
    fn gives_some_of(&self, one: (&TaskAccess, &Reach), other: (&TaskAccess, &Reach)) -> bool {
        overlap(one.1, other.1)
    }

    /// For what somebody else may be asked for something that the answer of a verb has, or the platform's vendor for a principal in it.
    /// Asked where a resource of what is revoked is gone or may not be read: then what somebody was asked for can't be told, and whoever
    /// revokes is told that.
    fn hands_off(&self) -> HandsOff {
        HandsOff::EVERYTHING
    }

    /// Who the cloud takes the caller for: what the audit trail says beside the name on the machine. Asked once a plan was
    /// made, so that a provider that had to log in for it knows by then.
    ///
    /// # Errors
    /// The cloud doesn't say.
    async fn caller(&self) -> Result<Option<Caller>> {
        Ok(None)
    }

    /// Which stacks there are wherever the credentials reach, the manifest's and all others, and what they own.
    ///
    /// # Behavior
    /// - Never writes.
    /// - Tells the homes of one stack name apart, and lists nothing that carries no stack's mark.
    /// - Takes no more requests than it must: lists, and nothing for each object.
    /// - What may not be read it says as unsearched, as long as something can be read.
    ///
    /// # Errors
    /// The cloud doesn't answer, or lets nothing be read. [`ErrorKind::Unsupported`] from a provider that doesn't look.
    async fn stacks(&self) -> Result<Stacks> {
        Err(Error::new(ErrorKind::Unsupported, "this provider doesn't say which stacks there are")
            .hint("look for the mark of each stack with the cloud's own tools"))
    }

    /// The object at home that names a place on a platform ([`Backend::reached`]), so that later runs know that something of the
    /// stack may be there. Core wants it before the first write there, and lets it go after the last. `None` where the provider
    /// keeps no such marks.
    ///
    /// # Behavior
    /// - Its name follows from the place, and it gives nobody anything.
    /// - Those that are there are in [`Observed::platform_places`](crate::Observed::platform_places), and those of all stacks in
    ///   [`FoundStack::platform_places`](crate::FoundStack::platform_places).
    fn platform_place(&self, place: &str, scope: &Scope, because: Vec<IntentId>) -> Option<Object> {
        let _ = (place, scope, because);
        None
    }

    /// The object at home by which the stack remembers that somebody confirmed a handoff: no run can see that it was carried out.
    /// `None` where the provider keeps no such marks; then no handoff can be confirmed.
    ///
    /// # Behavior
    /// - Its name follows from the handoff ([`Confirmed::digits`]), and it gives nobody anything. It goes with no principal.
    /// - Of one that was taken back ([`Confirmed::taken_back`]), `None` where nothing of the stack's stays for what may have been done.
    /// - Those that are there are in [`Observed::confirmed`](crate::Observed::confirmed), with what each says.
    /// - Sends nothing.
    fn confirmation(&self, confirmed: &Confirmed) -> Option<Object> {
        let _ = confirmed;
        None
    }

    /// What becomes of such an object that somebody has edited so that nobody knows what it confirms: one of the same name that gives
    /// nobody anything again, and of which [`Observed::confirmed`](crate::Observed::confirmed) says no more than of the edited one. `None` where no edit
    /// can make it give anything.
    ///
    /// # Behavior
    /// Sends nothing.
    fn edited_confirmation(&self, mark: &ObjectId) -> Option<Object> {
        let _ = mark;
        None
    }

    /// How somebody takes back what a handoff of the cloud's own kinds asked for: the object, by the kind and the name that its mark
    /// has, and what is to be done. Asked where the manifest may have forgotten it. `None` where the kind isn't the cloud's, or
    /// the name is none that it gives. `how` is what the handoff said of itself ([`Handoff::how`]); it is empty where an earlier
    /// cloudgrant made the mark.
    ///
    /// # Behavior
    /// - Sends nothing. What it says follows from the name and from `how`, which somebody may have edited: it is told to others as
    ///   commands.
    fn taken_back(&self, kind: &str, name: &str, how: &HowAsked) -> Option<(ObjectId, Handoff)> {
        let _ = (kind, name, how);
        None
    }

    /// What others added to the stack's own objects and lets them reach more, whatever the manifest wants of these: for whoever only
    /// looks where the manifest as a whole can't be held against the cloud. A secret that is gone, or a read that is denied, must
    /// hide nothing of it. `named` is all that the manifest names. `None` where the provider doesn't tell; core then observes with
    /// nothing wanted, as far as that can be.
    ///
    /// # Behavior
    /// - Never writes, and reads no more than the stack's own objects take: nothing of what grants reach.
    /// - What may not be read it says as unsearched, as long as something can be read.
    ///
    /// # Errors
    /// The cloud doesn't answer, or lets nothing be read.
    async fn widened(&self, named: &Intents) -> Result<Option<Widened>> {
        let _ = named;
        Ok(None)
    }

    /// What whoever runs this manifest must be allowed, narrowed to what the stack makes and the manifest names.
    ///
    /// # Behavior
    /// - Sends nothing.
    /// - Is enough to make, change and take away all that the intents come to, and holds nothing that no run needs.
    /// - Says nothing where the provider doesn't know.
    fn permissions(&self, intents: &Intents, purpose: Purpose) -> Vec<PermissionDocument> {
        let _ = (intents, purpose);
        Vec::new()
    }

    /// How task code names a resource that it is granted, where it wants other names than the locator: each with what it is
    /// called. Asked after the verbs, and only for what they were given.
    ///
    /// # Behavior
    /// Platforms make lines of task code of these ([`Platform::snippets`](crate::Platform::snippets)):
    /// - an object store: `URI`, where the platform's own clients read it as it stands; or `ACCOUNT_NAME`, `ACCOUNT_HOST` and
    ///   `OBJECT_PATH`, where they would take it for another account's;
    /// - a secret: `SECRET_GROUP` and `SECRET_KEY`, where the platform mounts it; or `VAULT_URL` and `SECRET_NAME`, where task
    ///   code asks the vault itself.
    fn in_task_code(&self, resource: &Resource) -> Vec<(&'static str, String)> {
        let _ = resource;
        Vec::new()
    }

    /// How task code uses what it is granted by the cloud's own client, for kinds of which platforms know nothing; `None` for
    /// those of [`in_task_code`](Self::in_task_code), and where there is nothing to say.
    ///
    /// # Behavior
    /// Does what the level gives and no more, and returns nothing of a secret's value.
    fn client_code(&self, reach: &Reach) -> Option<ClientCode> {
        let _ = reach;
        None
    }
}

/// Whether two reaches give something in common, as far as that can be told without knowing the cloud.
fn overlap(one: &Reach, other: &Reach) -> bool {
    let (here, there) = (&one.resource, &other.resource);
    here.kind == there.kind
        && (is_within(&here.locator, &there.locator) || is_within(&there.locator, &here.locator))
        && one.access.overlaps(other.access)
}

/// Whether what one locator names is another one, or in that. In the notations of all clouds, what is in a place is named after it.
fn is_within(one: &str, other: &str) -> bool {
    let is_pattern = other.ends_with('*');
    let other = other.trim_end_matches('*');
    let is_open = is_pattern || other.ends_with('/');
    one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || is_open)
}

/// For what somebody else may be asked, where a cloud can't do it by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandsOff {
    /// For grants.
    pub grants: bool,
    /// For registries.
    pub registries: bool,
    /// For bindings.
    pub bindings: bool,
}

impl HandsOff {
    /// For anything.
    pub const EVERYTHING: Self = Self { grants: true, registries: true, bindings: true };
    /// For nothing.
    pub const NOTHING: Self = Self { grants: false, registries: false, bindings: false };
}

/// Who calls, in the cloud's own words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Caller {
    /// The principal: an ARN on AWS, the object's id in Microsoft Entra on Azure.
    pub principal: String,
    /// The application as which it logged in, where the cloud tells the two apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Where it is known: an account on AWS, a tenant on Azure.
    pub account: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::locator::Locator;
    use crate::vocabulary::names::ResourceName;
    use crate::vocabulary::resource::ResourceKind;

    #[test]
    fn what_is_in_a_place_is_named_after_it() {
        assert!(is_within("s3://a/b/", "s3://a") && is_within("s3://a", "s3://a") && !is_within("s3://ab", "s3://a"));
        assert!(is_within("s3://a/b", "s3://a/*") && !is_within("s3://b/a", "s3://a/*"));
    }

    #[test]
    fn without_knowing_the_cloud_kind_locator_and_level_count() {
        let reach = |kind, locator: &str, access| {
            let name = ResourceName::parse("it").expect("a name");
            Reach {
                resource: Arc::new(Resource { name, kind, locator: Locator::new(locator, ()), force: false }),
                access,
            }
        };
        let (objects, other) = (ResourceKind::OBJECT_STORE, ResourceKind::OTHER);
        for (one, two, expected) in [
            (reach(objects, "x://a", Access::Read), reach(objects, "x://a/b/", Access::ReadWrite), true),
            (reach(objects, "x://a", Access::Read), reach(objects, "x://a", Access::Write), false),
            (reach(objects, "x://a", Access::Read), reach(objects, "x://b", Access::Read), false),
            (reach(objects, "x://a", Access::Read), reach(other, "x://a", Access::Read), false),
        ] {
            assert!(overlap(&one, &two) == expected && overlap(&two, &one) == expected, "{one:?}, {two:?}");
        }
    }
}
