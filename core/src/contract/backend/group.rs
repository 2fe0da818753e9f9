//! Several backends as one: a platform that is told in two ways at once, by its control plane and in its cluster.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;

use crate::contract::backend::protected::Protected;
use crate::contract::backend::stacks::Marked;
use crate::contract::backend::{Backend, Outcome, PlatformPlace};
use crate::contract::error::{Error, Result};
use crate::contract::object::change::Approved;
use crate::contract::object::desired::Desired;
use crate::contract::object::observed::Observed;
use crate::contract::object::remainder::{Remainder, Shares};
use crate::contract::object::terraform::TerraformBlock;
use crate::contract::object::{Object, ObjectId};
use crate::pace::Pace;
use crate::vocabulary::names::Stack;

/// Backends that have objects of different kinds, and call a stack's mark alike. Each looks at its own kinds alone, whatever else
/// is wanted.
#[derive(Debug)]
pub struct BackendGroup {
    first: Member,
    others: Vec<Member>,
}

/// A backend, and the kinds of its objects.
#[derive(Debug)]
struct Member {
    backend: Arc<dyn Backend>,
    kinds: &'static [&'static str],
}

impl BackendGroup {
    /// A group of one: it is as that one alone.
    pub fn new(backend: Arc<dyn Backend>, kinds: &'static [&'static str]) -> Self {
        Self { first: Member { backend, kinds }, others: Vec::new() }
    }

    /// The same with another one, for other kinds.
    #[must_use]
    pub fn and(mut self, backend: Arc<dyn Backend>, kinds: &'static [&'static str]) -> Self {
        self.others.push(Member { backend, kinds });
        self
    }

    fn members(&self) -> impl Iterator<Item = &dyn Backend> {
        std::iter::once(&self.first).chain(&self.others).map(|member| member.backend.as_ref())
    }

    /// Who has an object.
    fn of(&self, object: &ObjectId) -> &dyn Backend {
        let is_its = |member: &&Member| member.kinds.contains(&object.kind);
        self.others.iter().find(is_its).unwrap_or(&self.first).backend.as_ref()
    }
}

#[async_trait]
impl Backend for BackendGroup {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        let all = join_all(self.members().map(|member| member.observe(desired))).await;
        all.into_iter().try_fold(Observed::default(), |mut observed, one| {
            observed.extend(one?);
            Ok(observed)
        })
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        self.of(&change.change().id).apply(change).await
    }

    fn place(&self) -> String {
        self.members().map(Backend::place).collect::<Vec<_>>().join(" and ")
    }

    fn is_in_sandbox(&self) -> bool {
        self.members().all(Backend::is_in_sandbox)
    }

    fn settle_timeout(&self) -> Option<Duration> {
        self.members().filter_map(Backend::settle_timeout).max()
    }

    fn protected(&self) -> Protected {
        self.members().map(Backend::protected).fold(Protected::default(), Protected::and)
    }

    fn remainder(&self, object: &ObjectId, shares: &Shares<'_>) -> Remainder {
        self.of(object).remainder(object, shares)
    }

    fn terraform(&self, object: &Object) -> Option<Vec<TerraformBlock>> {
        self.of(&object.id).terraform(object)
    }

    fn equivalent(&self, object: &Object) -> Vec<String> {
        self.of(&object.id).equivalent(object)
    }

    fn pace(&self) -> Option<&Pace> {
        self.members().find_map(Backend::pace)
    }

    fn look_again(&self) {
        self.members().for_each(Backend::look_again);
    }

    async fn marked(&self) -> Result<Vec<Marked>> {
        let mut all: Vec<Marked> = Vec::new();
        for marked in join_all(self.members().map(Backend::marked)).await {
            for one in marked? {
                match all.iter_mut().find(|known| known.mark == one.mark) {
                    Some(known) => {
                        known.objects.extend(one.objects);
                        known.remedy = format!("{}, {}", known.remedy, one.remedy.replacen("or ", "and ", 1));
                    }
                    None => all.push(one),
                }
            }
        }
        Ok(all)
    }

    async fn reached(&self) -> Result<Vec<PlatformPlace>> {
        let all = join_all(self.members().map(Backend::reached)).await;
        let all: Vec<_> = all.into_iter().collect::<Result<_, Error>>()?;
        Ok(all.into_iter().flatten().collect())
    }

    fn mark(&self, stack: &Stack, home: &str) -> String {
        self.first.backend.mark(stack, home)
    }

    fn requests(&self) -> Option<u64> {
        self.members().filter_map(Backend::requests).reduce(|one, other| one + other)
    }
}
