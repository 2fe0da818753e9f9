//! The platform's half of access: who may execute (requirements 8 and 44). The cloud's half lets task code reach a resource;
//! who may start that task code is the platform's to say.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::contract::object::Handoff;
use crate::contract::platform::{ExecutePermission, Platform};
use crate::vocabulary::names::Stack;
use crate::vocabulary::note::Note;
use crate::vocabulary::scope::{Pair, Scope};

/// The platform's half of access: what it asks of whoever starts task code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Execute {
    /// Which platform, as the manifest selects it.
    pub platform: String,
    /// The action that must be allowed on the project and domain; `None` where the platform has no such permission.
    pub action: Option<&'static str>,
    /// What there is to know, in a sentence.
    pub summary: String,
    /// On which pairs.
    pub pairs: Vec<Pair>,
    /// Who gives it, and how; `None` where there is nothing to give.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handoff: Option<Handoff>,
}

impl Execute {
    /// Of the task code of some scopes.
    pub fn of<'a>(platform: &dyn Platform, stack: &Stack, scopes: impl IntoIterator<Item = &'a Scope>) -> Self {
        let tenancy = platform.tenancy();
        let scopes: BTreeSet<_> = scopes.into_iter().collect();
        // Wide scopes come first, and hold the pairs of the narrower ones.
        let mut pairs = BTreeSet::new();
        for scope in &scopes {
            if **scope == Scope::Global {
                pairs = tenancy.pairs(scope).into_iter().collect();
                break;
            }
            pairs.extend(tenancy.pairs(scope));
        }
        let pairs: Vec<_> = pairs.into_iter().collect();
        let ExecutePermission { action, summary } = platform.execute_permission();
        let handoff = if pairs.is_empty() { None } else { platform.execute_handoff(stack, &pairs) };
        Self { platform: tenancy.kind.clone(), action, summary, handoff, pairs }
    }
}

/// The platform's half, in a note.
pub(crate) fn note(platform: &dyn Platform) -> Note {
    let ExecutePermission { action, summary } = platform.execute_permission();
    let how = if action.is_some() { " (`explain` has role, policy and commands)" } else { "" };
    Note::info("execute permission", format!("{summary}{how}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::contract::delivery::Principal;
    use crate::contract::error::Result;
    use crate::contract::object::desired::Desired;
    use crate::vocabulary::names::{Domain, Project};
    use crate::vocabulary::principal::Naming;
    use crate::vocabulary::tenancy::Tenancy;

    /// A platform that gives the permission pair by pair.
    #[derive(Debug)]
    struct Asks(Arc<Tenancy>);

    impl Platform for Asks {
        fn kinds(&self) -> &'static [&'static str] {
            &[]
        }

        fn name(&self) -> &'static str {
            "Asks"
        }

        fn tenancy(&self) -> &Tenancy {
            &self.0
        }

        fn deliver(&self, _: &[Principal]) -> Result<Desired> {
            Ok(Desired::default())
        }

        fn unbinding(&self, _: &[String]) -> String {
            String::new()
        }

        fn execute_permission(&self) -> ExecutePermission {
            ExecutePermission { action: Some("execute"), summary: "it asks".to_owned() }
        }

        fn execute_handoff(&self, _: &Stack, pairs: &[Pair]) -> Option<Handoff> {
            let document = format!("{} pairs", pairs.len());
            Some(Handoff::unseen("whoever", "let them", document))
        }
    }

    fn execute(scopes: &[Scope]) -> Execute {
        let tenancy = Tenancy {
            workloads: None,
            kind: "asks".to_owned(),
            organization: String::new(),
            projects: ["forecasting", "vision"].map(|name| Project::parse(name).expect("a project")).to_vec(),
            domains: ["development", "production"].map(|name| Domain::parse(name).expect("a domain")).to_vec(),
            naming: Naming::default(),
        };
        Execute::of(&Asks(Arc::new(tenancy)), &Stack::parse("acme-ml").expect("a stack"), scopes)
    }

    fn production() -> Domain {
        Domain::parse("production").expect("a domain")
    }

    #[test]
    fn requirements_8_and_44_the_permission_is_for_exactly_the_granted_pairs() {
        let vision =
            Scope::ProjectDomain { project: Project::parse("vision").expect("a project"), domain: production() };
        let named = |scopes: &[Scope]| {
            let pairs = execute(scopes).pairs;
            pairs.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(named(std::slice::from_ref(&vision)), ["vision-production"]);
        let domain = Scope::Domain { domain: production() };
        assert_eq!(named(&[vision, domain.clone()]), ["forecasting-production", "vision-production"]);
        assert_eq!(named(&[domain, Scope::Global]).len(), 4);
        let none = execute(&[]);
        assert_eq!((none.platform.as_str(), none.action, none.handoff), ("asks", Some("execute"), None));
    }
}
