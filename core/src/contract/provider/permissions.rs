//! What grants come to: what may be done, whoever is to carry it.

use std::any::{Any, type_name};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::object::desired::Desired;
use crate::vocabulary::intent::{Intent, IntentId};
use crate::vocabulary::scope::Scope;

/// What grants come to: the answer of [`Provider::grant_task_access`](crate::Provider::grant_task_access), of which
/// [`Provider::bind_scope`](crate::Provider::bind_scope) makes what principals carry.
///
/// Clouds say in different ways that something may be done: by a policy, to which principals are tied; by a role on a resource, of
/// which each principal gets an assignment of its own. So each provider has a type of its own for it, which is any that can be
/// printed, and core knows for which scope it is and for which grants.
///
/// ```
/// # use cloudgrant_core::{GrantName, IntentId, Permissions, Scope};
/// #[derive(Debug, PartialEq)]
/// struct Policy(&'static str);
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let grant = IntentId::Grant(GrantName::parse("read-training-data")?);
/// let mut permissions = Permissions::default();
/// permissions.add(Scope::Global, vec![grant.clone()], Policy("acme-global"));
///
/// let policies = permissions.by_scope::<Policy>()?;
/// assert_eq!(policies[&Scope::Global], [(&[grant][..], &Policy("acme-global"))]);
/// assert!(permissions.by_scope::<String>().is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Permissions {
    /// The objects that must be there for them, whoever carries them.
    pub desired: Desired,
    granted: Vec<Permission>,
}

/// Something that task code of a scope may do.
#[derive(Debug)]
struct Permission {
    scope: Scope,
    because: Vec<IntentId>,
    right: Arc<dyn Right>,
}

/// Whatever says in a cloud that something may be done.
trait Right: Any + Debug + Send + Sync {}

impl<T: Any + Debug + Send + Sync> Right for T {}

/// A right of a provider's, with the grants that ask for it.
pub type Granted<'a, R> = (&'a [IntentId], &'a R);

impl Permissions {
    /// Adds what may be done at a scope, which must be that of the grants that ask for it (`because`; never empty).
    pub fn add<R: Any + Debug + Send + Sync>(&mut self, scope: Scope, because: Vec<IntentId>, right: R) {
        self.granted.push(Permission { scope, because, right: Arc::new(right) });
    }

    /// Adds what a grant comes to by itself.
    pub fn grant<R: Any + Debug + Send + Sync>(&mut self, grant: &impl Intent, right: R) {
        self.add(grant.scope().clone(), vec![grant.id()], right);
    }

    /// By the scope for which it is: a principal carries what its own scope and the wider ones are granted.
    ///
    /// # Errors
    /// The permissions are another provider's.
    pub fn by_scope<R: Any>(&self) -> Result<BTreeMap<&Scope, Vec<Granted<'_, R>>>> {
        let mut by_scope: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for permission in &self.granted {
            by_scope.entry(&permission.scope).or_default().push((&*permission.because, permission.right()?));
        }
        Ok(by_scope)
    }

    /// By the grant that asks for it.
    ///
    /// # Errors
    /// As [`by_scope`](Self::by_scope).
    pub fn by_grant<R: Any>(&self) -> Result<BTreeMap<&IntentId, Vec<&R>>> {
        let mut by_grant: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for permission in &self.granted {
            for grant in &permission.because {
                by_grant.entry(grant).or_default().push(permission.right()?);
            }
        }
        Ok(by_grant)
    }

    /// The scopes for which something may be done, each with the grants that ask for it.
    pub fn scopes(&self) -> impl Iterator<Item = (&Scope, &[IntentId])> {
        self.granted.iter().map(|permission| (&permission.scope, &*permission.because))
    }

    /// Whether nothing may be done.
    pub fn is_empty(&self) -> bool {
        self.granted.is_empty()
    }
}

impl Permission {
    fn right<R: Any>(&self) -> Result<&R> {
        let right: &dyn Any = &*self.right;
        right.downcast_ref().ok_or_else(|| {
            let message = format!("permissions of {:?} aren't `{}`", self.because, type_name::<R>());
            Error::new(ErrorKind::ProviderBug, message).hint("this is a bug in the provider; report it to its author")
        })
    }
}

impl From<Desired> for Permissions {
    fn from(desired: Desired) -> Self {
        Self { desired, granted: Vec::new() }
    }
}
