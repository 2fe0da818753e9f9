//! Platforms that answer wrongly.

use std::sync::atomic::{AtomicU64, Ordering};

use cloudgrant_conformance::platforms::Sample;
use cloudgrant_conformance::platforms::reference::{Board, LABEL, RECORD, REQUEST};
use cloudgrant_core::{Change, DeliveryFile, Desired, Object, ObjectId, Outcome, Principal, Result};
use serde_json::Value;

use super::breakage;
use crate::breakage::Breakage;

/// The records in an answer.
fn records(answer: &mut Desired) -> impl Iterator<Item = &mut Object> {
    answer.objects.iter_mut().filter(|object| object.id.kind == RECORD)
}

/// What people are asked for in an answer.
pub(super) fn labels(answer: &mut Desired) -> impl Iterator<Item = &mut Object> {
    answer.objects.iter_mut().filter(|object| object.id.kind == LABEL)
}

breakage! {
    /// Looks around as soon as it is connected.
    EagerConnect {
        fn connected(&self, board: &Board) {
            board.read().expect("the board answers");
        }
    }
}

breakage! {
    /// Asks the board what it is to tell.
    AskingDeliver {
        fn delivered(&self, board: &Board, _: &[Principal], _: &mut Desired) {
            board.read().expect("the board answers");
        }
    }
}

breakage! {
    /// Asks the board which files there are.
    AskingFiles {
        fn files(&self, board: &Board, _: &[Principal], _: &mut Vec<DeliveryFile>) {
            board.read().expect("the board answers");
        }
    }
}

/// Counts how often it was asked.
#[derive(Debug, Default)]
pub(crate) struct CountingDeliver(AtomicU64);

impl Breakage for CountingDeliver {
    fn delivered(&self, _: &Board, _: &[Principal], answer: &mut Desired) {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        records(answer).for_each(|object| object.attributes.change(|it| it["count"] = count.into()));
    }
}

/// Counts how often it said that.
#[derive(Debug, Default)]
pub(crate) struct CountingUnbinding(AtomicU64);

impl Breakage for CountingUnbinding {
    fn unbinding(&self, said: String) -> String {
        format!("{said} ({})", self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// Says which connection it is.
#[derive(Debug)]
pub(crate) struct Nameless(u64);

impl Default for Nameless {
    fn default() -> Self {
        static CONNECTIONS: AtomicU64 = AtomicU64::new(0);
        Self(CONNECTIONS.fetch_add(1, Ordering::Relaxed))
    }
}

impl Breakage for Nameless {
    fn delivered(&self, _: &Board, _: &[Principal], answer: &mut Desired) {
        records(answer).for_each(|object| object.attributes.change(|it| it["connection"] = self.0.into()));
    }
}

breakage! {
    /// Tells whatever is called like it.
    Pattern {
        fn delivered(&self, _: &Board, _: &[Principal], answer: &mut Desired) {
            records(answer).for_each(|object| object.attributes.change(|it| it["of"] = "vision-*".into()));
        }
    }
}

breakage! {
    /// Tells the neighbour as well.
    Neighbour {
        fn delivered(&self, _: &Board, _: &[Principal], answer: &mut Desired) {
            let other = records(answer).next().cloned();
            answer.objects.extend(other.map(|other| Object { id: ObjectId::new(RECORD, "forecasting/production"), ..other }));
        }
    }
}

breakage! {
    /// Has people label the pods of other domains as well.
    AllDomains {
        fn delivered(&self, _: &Board, _: &[Principal], answer: &mut Desired) {
            for handoff in labels(answer).filter_map(|object| object.handoff.as_mut()) {
                handoff.document.push_str("and those of system:serviceaccount:vision-development:default\n");
            }
        }
    }
}

breakage! {
    /// Gives its objects a wider scope.
    Widened {
        fn delivered(&self, _: &Board, _: &[Principal], answer: &mut Desired) {
            for object in &mut answer.objects {
                if let Some(domain) = object.scope.domain().cloned() {
                    object.scope = cloudgrant_core::Scope::Domain { domain };
                }
            }
        }
    }
}

breakage! {
    /// Doesn't say for what its objects exist.
    Orphan {
        fn delivered(&self, _: &Board, _: &[Principal], answer: &mut Desired) {
            answer.objects.iter_mut().for_each(|object| object.because.clear());
        }
    }
}

breakage! {
    /// Writes one record more than it says.
    Spreading {
        fn made(&self, board: &Board, _: &Change, outcome: Outcome) -> Result<Outcome> {
            board.backstage(|world| {
                world.records.entry("forecasting/production".to_owned()).or_default().insert("copy".to_owned(), "1".to_owned());
            });
            Ok(outcome)
        }
    }
}

breakage! {
    /// Tells the first pair of each principal.
    FirstPairOnly {
        fn delivered(&self, _: &Board, _: &[Principal], answer: &mut Desired) {
            answer.objects.truncate(1);
        }
    }
}

breakage! {
    /// Tells nobody.
    Silent {
        fn delivered(&self, _: &Board, _: &[Principal], answer: &mut Desired) {
            answer.objects.clear();
        }
    }
}

breakage! {
    /// Doesn't say that records are its own.
    Undeclared {
        fn kinds(&self, _: &'static [&'static str]) -> &'static [&'static str] {
            &[LABEL, REQUEST]
        }
    }
}

breakage! {
    /// Doesn't say that what it asks its vendor for is its own.
    UndeclaredRequest {
        fn kinds(&self, _: &'static [&'static str]) -> &'static [&'static str] {
            &[RECORD, LABEL]
        }
    }
}

breakage! {
    /// Takes roles for its own.
    KindOfCloud {
        fn kinds(&self, _: &'static [&'static str]) -> &'static [&'static str] {
            &[RECORD, LABEL, REQUEST, "iam-role"]
        }
    }
}

breakage! {
    /// Has something in the place of what nobody knows yet.
    Guessing {
        const SAMPLE: Sample = Sample::IDENTITY;
        fn delivered(&self, _: &Board, _: &[Principal], answer: &mut Desired) {
            records(answer).for_each(|object| object.attributes.change(|it| it["principal"] = "a-guess".into()));
        }
    }
}

breakage! {
    /// Writes nothing where nobody knows the value yet.
    EmptyValue {
        const SAMPLE: Sample = Sample::IDENTITY;
        fn delivered(&self, _: &Board, _: &[Principal], answer: &mut Desired) {
            for object in records(answer) {
                object.references.clear();
                object.attributes.change(|it| it["principal"] = Value::from(""));
            }
        }
    }
}

breakage! {
    /// Refers to something that no principal is.
    OtherObject {
        const SAMPLE: Sample = Sample::IDENTITY;
        fn delivered(&self, _: &Board, _: &[Principal], answer: &mut Desired) {
            for reference in records(answer).flat_map(|object| &mut object.references) {
                reference.object = ObjectId::new("conformance-principal", "another");
            }
        }
    }
}

breakage! {
    /// Asks people before the principal is there.
    Early {
        const SAMPLE: Sample = Sample::IDENTITY;
        fn delivered(&self, _: &Board, _: &[Principal], answer: &mut Desired) {
            labels(answer).for_each(|object| object.depends_on.clear());
        }
    }
}
