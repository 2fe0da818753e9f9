//! Levels that are declared wrongly, or told of wrongly.

use cloudgrant_conformance::reference::{Cloud, Reference};
use cloudgrant_core::{Access, Capabilities, Connect, Desired, Inexact, IntentId, Note, ResourceKind};

use super::breakage;
use crate::breakage::Verb;

breakage! {
    /// Gives the same, whether it is to be precise or not.
    NeverPrecise {
        fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
            for object in &mut answer.objects {
                object.attributes.change(|it| {
                    let allowed = it.get_mut("allows").and_then(|allowed| allowed.as_array_mut());
                    for entry in allowed.into_iter().flatten() {
                        entry.as_array_mut().into_iter().for_each(|entry| entry.truncate(2));
                    }
                });
            }
        }
    }
}

const WRITING_A_SECRET: Inexact =
    Inexact { kind: ResourceKind::SECRET, access: Access::Write, gains: "reads it", loses: "", precisely: false };

breakage! {
    /// Says how inexact something is that it can't do.
    InexactNothing {
        const CAPABILITIES: Capabilities = Reference::CAPABILITIES.inexact(&[WRITING_A_SECRET]);
    }
}

breakage! {
    /// Says that a level is inexact, and no more.
    Unspoken {
        const CAPABILITIES: Capabilities = Reference::CAPABILITIES.inexact(&[Inexact {
            kind: ResourceKind::OBJECT_STORE,
            access: Access::Write,
            gains: "",
            loses: "",
            precisely: false,
        }]);
    }
}

breakage! {
    /// Tells of it although core does so.
    SaidTwice {
        fn wanted(&self, _: &Cloud, verb: Verb, answer: &mut Desired) {
            if let (Verb::GrantTaskAccess, Some(object)) = (verb, answer.objects.first())
                && let Some(IntentId::Grant(grant)) = object.because.first()
            {
                answer.notes.push(Note::warning(format!("grant {grant}"), "writing also reads objects"));
            }
        }
    }
}
