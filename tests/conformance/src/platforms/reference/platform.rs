//! The platform: what the board is told of principals, and what people are asked for.

use std::fmt::Write as _;
use std::sync::Arc;

use cloudgrant_core::{
    Annotation, Asked, Attributes, Backend, ConnectPlatform, DeliveryFile, Desired, ExecutePermission, HandedOff,
    Handoff, HowAsked, Identifier, Identity, Object, ObjectId, Ownership, Pair, Platform, PlatformContext, Principal,
    Reference, Result, Scope, Tenancy, WayTo,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::backend::{PLACE, Records};
use super::board::Board;

/// The kind of a pair's record.
pub const RECORD: &str = "board-record";
/// The kind of the handoff by which people are asked to label pods.
pub const LABEL: &str = "board-label";
/// The kind of the handoff by which the vendor is asked for a principal.
pub const REQUEST: &str = "board-request";

/// The platform's keys in the manifest.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which board it is.
    pub board: String,
    /// Whether people write the records.
    pub by_hand: bool,
}

/// The platform: whatever pins principals to the board.
#[derive(Debug)]
pub struct Pins {
    tenancy: Arc<Tenancy>,
    records: Records,
    by_hand: bool,
}

impl Platform for Pins {
    fn name(&self) -> &'static str {
        "Pins"
    }

    fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    fn deliver(&self, principals: &[Principal]) -> Result<Desired> {
        let mut desired = Desired::default();
        for principal in principals {
            match &principal.identity {
                Identity::Known { annotation, .. } => {
                    let records = principal.serves.iter().map(|(pair, _)| self.record(principal, annotation, pair));
                    desired.objects.extend(records);
                    desired.objects.push(label(principal, annotation));
                }
                // The cloud gives it to the pods by itself: there is nothing to pin.
                Identity::BoundByCloud { .. } | Identity::Presented { .. } => {}
                Identity::Asked(asked) => desired.objects.push(request(principal, asked)),
            }
        }
        Ok(desired)
    }

    fn kinds(&self) -> &'static [&'static str] {
        &[RECORD, LABEL, REQUEST]
    }

    fn backend(&self) -> Option<&dyn Backend> {
        (!self.by_hand).then_some(&self.records as _)
    }

    fn way_to(&self, place: &str) -> Option<WayTo> {
        place.starts_with(PLACE).then(|| WayTo {
            told: "name the board in `platform.board`".to_owned(),
            setting: ("by_hand", "false"),
            is_set: !self.by_hand,
            variable: "BOARD",
        })
    }

    fn files(&self, principals: &[Principal]) -> Vec<DeliveryFile> {
        let mut files = Vec::new();
        for principal in principals {
            let Identity::Known { annotation, .. } = &principal.identity else { continue };
            let Identifier::Known(value) = &annotation.value else { continue };
            files.extend(principal.serves.iter().map(|(pair, _)| DeliveryFile {
                path: format!("records/{}.{}.yaml", pair.project, pair.domain),
                purpose: "The record of a project and domain.".to_owned(),
                content: json!({ "project": pair.project, "domain": pair.domain, "principal": value }).to_string(),
            }));
        }
        files
    }

    fn unbinding(&self, bound: &[String]) -> String {
        match (self.by_hand, bound) {
            (false, _) => "The records go first, in the same run".to_owned(),
            (true, []) => "Take the principal out of each record that has it".to_owned(),
            (true, bound) => format!("Take the principal out of the records of {}", bound.join(", ")),
        }
    }

    fn taken_back(&self, kind: &str, name: &str, _how: &HowAsked) -> Option<(ObjectId, Handoff)> {
        let kind = self.kinds().iter().find(|known| **known == kind)?;
        let named = |pair: &&Pair| {
            let Pair { project, domain } = pair;
            name == domain.as_str() || name == format!("{project}_{domain}") || name == format!("{project}/{domain}")
        };
        let all = self.tenancy.pairs(&Scope::Global);
        let lines =
            all.iter().filter(named).map(|pair| format!("- project {} in domain {}\n", pair.project, pair.domain));
        let lines: String = lines.collect();
        let (to, what) = match *kind {
            REQUEST => ("the vendor", "the principal that was made"),
            LABEL => ("whoever labels pods", "the label of all pods"),
            _ => ("whoever writes on the board", "the principal in the record"),
        };
        let handoff =
            Handoff::unseen(to, format!("take back {what} for {name}"), format!("Take back {what} of:\n{lines}"));
        Some((ObjectId::new(kind, name), handoff))
    }

    fn asked_for(&self, scope: &Scope) -> Option<HandedOff> {
        Some(HandedOff { object: ObjectId::new(REQUEST, scope.slug()), how: HowAsked::default() })
    }

    fn execute_permission(&self) -> ExecutePermission {
        ExecutePermission { action: None, summary: "Whoever is on the board may start task code".to_owned() }
    }
}

impl Pins {
    fn record(&self, principal: &Principal, annotation: &Annotation, pair: &Pair) -> Object {
        let name = format!("{}/{}", pair.project, pair.domain);
        let (value, references) = match &annotation.value {
            Identifier::Known(value) => (Value::from(value.as_str()), Vec::new()),
            Identifier::Chosen { object, output, .. } => {
                let pointer = "/principal".to_owned();
                (Value::Null, vec![Reference { pointer, object: object.clone(), output }])
            }
        };
        let task = format!("pin the principal of {pair}");
        let written =
            handoff("whoever writes on the board", task, annotation, &format!("write into the record {name}"));
        let object = object(RECORD, &name, principal, json!({ "principal": value }));
        match self.by_hand {
            true => Object { handoff: Some(written), ..object },
            false => Object { references, ..object },
        }
    }
}

/// A handoff that says what to do with the principal.
fn handoff(to: &str, task: String, annotation: &Annotation, doing: &str) -> Handoff {
    match &annotation.value {
        Identifier::Known(value) => Handoff::unseen(to, task, format!("{doing}: {value}\n")).naming([value.clone()]),
        Identifier::Chosen { command, .. } => Handoff::unseen(to, task, format!("{doing} what `{command}` prints\n")),
    }
}

/// What asks people to label the pods of a principal.
fn label(principal: &Principal, annotation: &Annotation) -> Object {
    let subjects: Vec<_> = principal.serves.iter().map(|(_, subject)| subject.to_string()).collect();
    let task = format!("label the pods of {}", principal.scope);
    let doing = format!("label the pods of {}", subjects.join(" and "));
    let handoff = handoff("whoever labels pods", task, annotation, &doing);
    let object = object(LABEL, &principal.scope.slug(), principal, json!({ "subjects": subjects }));
    Object { handoff: Some(handoff), ..object }
}

/// What asks the vendor for a principal.
fn request(principal: &Principal, asked: &Asked) -> Object {
    let mut document =
        format!("Make a {} for {}, which trusts (audience {}):\n", asked.kind, principal.scope, asked.audience);
    for (_, subject) in &principal.serves {
        _ = writeln!(document, "- {subject}");
    }
    _ = writeln!(document, "It {}. Then tell us its name, for\n{}", asked.permissions.join(", and "), asked.named_by);
    let object = object(REQUEST, &principal.scope.slug(), principal, asked.attributes.clone());
    let task = format!("make the principal of {}", principal.scope);
    Object { handoff: Some(Handoff::unseen("the vendor", task, document)), ..object }
}

fn object(kind: &'static str, name: &str, principal: &Principal, attributes: impl Into<Attributes>) -> Object {
    Object {
        depends_on: principal.depends_on.clone(),
        ownership: Ownership::Fragment { of: format!("the board's record of {name}") },
        ..Object::new(ObjectId::new(kind, name), principal.scope.clone(), principal.because.clone(), attributes)
    }
}

impl ConnectPlatform for Pins {
    const ID: &'static str = "pins";
    const SUMMARY: &'static str = "a board on which each project and domain has a record";
    type Config = Config;

    fn connect(context: PlatformContext, config: Config) -> Self {
        let records = Records::new(Board::named(&config.board), &config.board, &context.stack, &context.home);
        Self { tenancy: context.tenancy, records, by_hand: config.by_hand }
    }
}
