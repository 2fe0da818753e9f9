//! The backend: which records are the stack's, and how they are written.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use cloudgrant_core::{
    Action, Approved, Backend, Change, Desired, Error, ErrorKind, Found, Marked, Object, ObjectId, Observed, Outcome,
    PlatformPlace, Result, Stack,
};
use serde_json::json;

use super::board::{Board, Code, Refusal};
use super::platform::RECORD;

/// The key of a record that says under what pods run.
const PRINCIPAL: &str = "principal";
/// How the keys of all stacks' marks begin: what follows is the stack and its home, and the value is what was written.
const MARK: &str = "pinned-by.";
/// The kinds of what is there.
const KINDS: &[&str] = &[RECORD];
/// How the names of places begin.
pub(super) const PLACE: &str = "records of the board ";

/// The records of a board, with what a stack wrote there.
#[derive(Debug)]
pub struct Records {
    board: Board,
    name: String,
    mark: String,
}

impl Records {
    pub(super) fn new(board: Board, name: &str, stack: &Stack, home: &str) -> Self {
        Self { board, name: name.to_owned(), mark: format!("{MARK}{}", mark(stack, home)) }
    }

    fn refused(&self, refusal: Refusal, record: &str) -> Error {
        let Refusal { operation, code } = refusal;
        let kind = match code {
            Code::SlowDown => ErrorKind::Throttled,
            Code::Broken => ErrorKind::Unavailable,
            Code::Forbidden => ErrorKind::AccessDenied,
        };
        let error = Error::new(kind, format!("can't write the record {record}: the board refuses {operation}"));
        match code {
            Code::Forbidden => error.hint(format!("allow {operation} on the board {}", self.name)),
            Code::SlowDown | Code::Broken => error,
        }
    }

    fn read(&self) -> Result<BTreeMap<String, BTreeMap<String, String>>> {
        self.board.read().map_err(|refusal| self.refused(refusal, "of anybody"))
    }

    fn write(&self, change: &Change) -> Result<()> {
        let name = &change.id.name;
        let record = self.read()?.remove(name).unwrap_or_default();
        let there = record.get(PRINCIPAL);
        let marked = record.get(&self.mark);
        let keys: Vec<(&str, Option<&str>)> = match (change.action, change.after.as_ref()) {
            (Action::Delete, _) if there == marked => vec![(PRINCIPAL, None), (&self.mark, None)],
            // What somebody has put in its place is theirs.
            (Action::Delete, _) => vec![(&self.mark, None)],
            (_, after) => {
                let wanted = after.and_then(|after| after.text(PRINCIPAL)).unwrap_or_default();
                let planned = change.before.as_ref().and_then(|before| before.text(PRINCIPAL));
                if there.is_some_and(|there| *there != wanted && Some(there) != planned.as_ref()) {
                    return Err(Error::new(ErrorKind::PlanStale, format!("somebody wrote the record {name} since"))
                        .hint("make a new plan and look at it again"));
                }
                return self
                    .board
                    .change(name, &[(PRINCIPAL, Some(&wanted)), (&self.mark, Some(&wanted))])
                    .map_err(|refusal| self.refused(refusal, name));
            }
        };
        self.board.change(name, &keys).map_err(|refusal| self.refused(refusal, name))
    }
}

fn mark(stack: &Stack, home: &str) -> String {
    format!("{stack}.{home}")
}

fn id(name: &str) -> ObjectId {
    ObjectId::new(RECORD, name)
}

#[async_trait]
impl Backend for Records {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        let objects = desired.objects.iter().filter(|object| object.id.kind == RECORD);
        let wanted: BTreeMap<&str, &Object> = objects.map(|object| (object.id.name.as_str(), object)).collect();
        let mut observed = Observed::default();
        for (name, record) in self.read()? {
            let there = record.get(PRINCIPAL);
            let object = wanted.get(name.as_str());
            match record.get(&self.mark) {
                Some(written) => {
                    let mut attributes = json!({ PRINCIPAL: there });
                    let edited = there.filter(|there| *there != written);
                    if let Some(edited) = edited {
                        attributes["written"] = written.as_str().into();
                        observed.if_updated.insert(id(&name), format!("somebody wrote `{edited}`"));
                    } else {
                        observed.names.insert(id(&name), BTreeSet::from([written.clone()]));
                    }
                    let found = Found {
                        attributes: attributes.into(),
                        owned: true,
                        depends_on: Vec::new(),
                        if_deleted: edited.map(|edited| format!("`{edited}` stays, which somebody wrote")),
                        touches: Vec::new(),
                    };
                    observed.objects.insert(id(&name), found);
                }
                None if object.is_some() && there.is_some() => {
                    let error = Error::new(ErrorKind::Conflict, format!("the record {name} has a principal already"));
                    observed.conflicts.insert(id(&name), error.hint("take it out, or leave the pair alone"));
                    observed.instead.insert(id(&name), json!({ PRINCIPAL: there }).into());
                }
                None => {}
            }
        }
        Ok(observed)
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        self.write(change.change())?;
        Ok(Outcome::default())
    }

    async fn reached(&self) -> Result<Vec<PlatformPlace>> {
        Ok(vec![PlatformPlace { name: format!("{PLACE}{}", self.name), kinds: KINDS }])
    }

    async fn marked(&self) -> Result<Vec<Marked>> {
        let mut marked: BTreeMap<String, BTreeSet<ObjectId>> = BTreeMap::new();
        for (name, record) in self.read()? {
            for mark in record.keys().filter_map(|key| key.strip_prefix(MARK)) {
                marked.entry(mark.to_owned()).or_default().insert(id(&name));
            }
        }
        let of_stack = |(mark, objects): (String, BTreeSet<ObjectId>)| {
            let stack = Stack::parse(mark.split_once('.')?.0).ok()?;
            Some(Marked { stack, mark, objects, remedy: "or clean the board".to_owned() })
        };
        Ok(marked.into_iter().filter_map(of_stack).collect())
    }

    fn mark(&self, stack: &Stack, home: &str) -> String {
        mark(stack, home)
    }
}
