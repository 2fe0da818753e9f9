//! Platforms that ask people wrongly.

use std::collections::HashMap;
use std::sync::Mutex;

use cloudgrant_conformance::platforms::Sample;
use cloudgrant_conformance::platforms::reference::{Board, REQUEST};
use cloudgrant_core::{Desired, Handoff, Object, ObjectId, Principal};
use serde_json::json;

use super::breakage;
use super::delivering::labels;
use crate::breakage::Breakage;

/// Platforms that change what people are asked for.
macro_rules! asking {
    ($($(#[$doc:meta])* $name:ident |$object:ident, $handoff:ident| $change:expr;)*) => {
        $(breakage! {
            $(#[$doc])*
            $name {
                fn delivered(&self, _: &Board, _: &[Principal], answer: &mut Desired) {
                    for $object in labels(answer) {
                        if let Some(mut $handoff) = $object.handoff.take() {
                            $change;
                            $object.handoff = Some($handoff);
                        }
                    }
                }
            }
        })*
    };
}

asking! {
    /// Leaves something to be written.
    ToDo |object, handoff| handoff.document.push_str("TODO: say how\n");
    /// Doesn't say how.
    NoDocument |object, handoff| handoff.document.clear();
    /// Doesn't say who.
    Nobody |object, handoff| handoff.to.clear();
    /// Says too much in one line.
    LongTask |object, handoff| handoff.task.push_str("\nand more");
    /// Doesn't say whose pods.
    Pairless |object, handoff| {
        object.id.name = "pods".to_owned();
        object.attributes = json!({}).into();
        handoff.task = "label pods".to_owned();
        handoff.document = format!("label them: {}", handoff.principals.join(", "));
    };
    /// Doesn't say with what.
    Valueless |object, handoff| handoff.document = handoff.document.replace(handoff.principals[0].as_str(), "the role");
    /// Doesn't say which principals the document names.
    Unnamed |object, handoff| handoff.principals.clear();
    /// Names somebody who has no business there.
    Talkative |object, handoff| handoff.document.push_str("as with forecasting\n");
}

breakage! {
    /// Doesn't say how the value is found out.
    NoCommand {
        const SAMPLE: Sample = Sample::IDENTITY;
        fn delivered(&self, _: &Board, _: &[Principal], answer: &mut Desired) {
            for handoff in labels(answer).filter_map(|object| object.handoff.as_mut()) {
                handoff.document = handoff.document.split(" what ").next().unwrap_or_default().to_owned();
            }
        }
    }
}

/// Platforms that change what the vendor is asked for.
macro_rules! requesting {
    ($($(#[$doc:meta])* $name:ident |$answer:ident| $change:expr;)*) => {
        $(breakage! {
            $(#[$doc])*
            $name {
                fn delivered(&self, _: &Board, _: &[Principal], $answer: &mut Desired) {
                    if $answer.objects.iter().any(|object| object.id.kind == REQUEST) {
                        $change;
                    }
                }
            }
        })*
    };
}

fn document(answer: &mut Desired, change: impl FnOnce(&mut String)) {
    if let Some(handoff) = answer.objects[0].handoff.as_mut() {
        change(&mut handoff.document);
    }
}

requesting! {
    /// Asks by another name than it says.
    OtherRequest |answer| answer.objects[0].id.name.push_str("-request");
    /// Doesn't say whom the principal is to trust.
    NoSubjects |answer| document(answer, |text| {
        *text = text.lines().filter(|line| !line.starts_with("- ")).map(|line| format!("{line}\n")).collect();
    });
    /// Doesn't say which name is to be told.
    NoName |answer| document(answer, |text| *text = text.replace("NAME_OF_IT", ""));
    /// Asks twice.
    TwoRequests |answer| {
        let first = answer.objects[0].clone();
        answer.objects.push(Object { id: ObjectId::new(REQUEST, "again"), ..first });
    };
    /// Asks for another domain as well.
    RequestedElsewhere |answer| document(answer, |text| text.push_str("and the same in development\n"));
}

/// Platforms that say something else of how pairs stop running under a principal.
macro_rules! unbinding {
    ($($(#[$doc:meta])* $name:ident $by_hand:literal $said:literal;)*) => {
        $(breakage! {
            $(#[$doc])*
            $name {
                const BY_HAND: bool = $by_hand;
                fn unbinding(&self, _: String) -> String {
                    $said.to_owned()
                }
            }
        })*
    };
}

unbinding! {
    /// Says nothing.
    Speechless false "";
    /// Has yet to be written.
    UnfinishedUnbinding false "TODO";
    /// Doesn't say for whom.
    UnnamedUnbinding true "Take the principal out of the records";
}

/// Platforms that say something else of how what was asked for is taken back.
macro_rules! taking_back {
    ($($(#[$doc:meta])* $name:ident |$asked:ident, $said:ident| $instead:expr;)*) => {
        $(breakage! {
            $(#[$doc])*
            $name {
                fn taken_back(
                    &self,
                    $asked: (&str, &str),
                    $said: Option<(ObjectId, Handoff)>,
                ) -> Option<(ObjectId, Handoff)> {
                    $instead
                }
            }
        })*
    };
}

taking_back! {
    /// Takes nothing back.
    NeverTaken |_asked, _said| None;
    /// Takes another thing back.
    TakenElsewhere |_asked, said| said.map(|(id, handoff)| (ObjectId::new(id.kind, format!("{}-2", id.name)), handoff));
    /// Doesn't say of whom.
    TakenOfNobody |_asked, said| said.map(|(id, handoff)| {
        (id, Handoff { task: "take it back".to_owned(), document: "Take it back.\n".to_owned(), ..handoff })
    });
    /// Takes everything for its own.
    TakesAnything |asked, said| said.or_else(|| {
        let id = ObjectId::new(REQUEST, asked.1);
        Some((id, Handoff::unseen("somebody", "take it back", "Take it back.")))
    });
    /// Has yet to be written.
    TakenUnfinished |_asked, said| said.map(|(id, handoff)| (id, Handoff { document: "TODO".to_owned(), ..handoff }));
}

/// Has it taken back by doing it once more.
#[derive(Debug, Default)]
pub(crate) struct TakenByDoing(Mutex<HashMap<(String, String), (ObjectId, Handoff)>>);

impl Breakage for TakenByDoing {
    fn delivered(&self, _: &Board, _: &[Principal], answer: &mut Desired) {
        let all = labels(answer).filter_map(|object| {
            let asked = (object.id.kind.to_owned(), object.id.name.clone());
            Some((asked, (object.id.clone(), object.handoff.clone()?)))
        });
        self.0.lock().expect("lock").extend(all);
    }

    fn taken_back(&self, asked: (&str, &str), said: Option<(ObjectId, Handoff)>) -> Option<(ObjectId, Handoff)> {
        let known = self.0.lock().expect("lock");
        known.get(&(asked.0.to_owned(), asked.1.to_owned())).cloned().or(said)
    }
}
