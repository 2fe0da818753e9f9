//! Which stacks there are: what was made under any name, so that one that was renamed is no forgotten access.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::object::{ObjectId, Unsearched};
use crate::vocabulary::names::Stack;

/// The stacks of whatever the provider's credentials reach: an account, a tenant's subscriptions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stacks {
    /// One for each stack and home, in the order of their names: one name may have several homes, and these are different
    /// stacks.
    pub found: Vec<FoundStack>,
    /// What could not be read, so that something of a stack may be there, or a home isn't known.
    pub unsearched: Vec<Unsearched>,
}

/// What a stack has at one of its homes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundStack {
    /// Its name.
    pub name: Stack,
    /// Its home, for people, as the cloud's own tags and descriptions have it.
    pub home: String,
    /// Whether it is the manifest's stack at the manifest's home.
    pub is_this: bool,
    /// What it owns: at the least all that is the stack's alone.
    pub objects: BTreeSet<ObjectId>,
    /// Places outside its home where it has parts of what others write too, such as a statement in a repository's policy,
    /// as far as these aren't among the objects.
    pub elsewhere: BTreeSet<String>,
    /// What the provider's section has to say in order to be at this home, by its keys; empty for the manifest's own home.
    /// `None` where no run can be there: what has to be found out or made first stands in [`Stacks::unsearched`].
    pub settings: Option<BTreeMap<String, String>>,
    /// What the provider's section also has to say so that everything can be taken back, and only a person knows: by its keys,
    /// with dots between them, each with what is to be filled in.
    pub fill_in: BTreeMap<String, String>,
}

impl Stacks {
    /// Brings them into the order of their names, the manifest's own first among those of one name.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.found.sort_by(|a, b| (&a.name, !a.is_this, &a.home).cmp(&(&b.name, !b.is_this, &b.home)));
        self.unsearched.sort();
        self.unsearched.dedup();
        self
    }
}
