//! The provider: making one change, so that making it again does no harm.

use cloudgrant_core::{Action, Attributes, Change, Error, ErrorKind, Outcome, Result};
use serde_json::Value;

use super::cloud::{Code, Item, Kind, Refusal, Statement};
use super::provider::{ATTACHMENT, POLICY, PRINCIPAL, Reference, STATEMENT};

impl Reference {
    pub(super) fn make(&self, change: &Change) -> Result<Outcome> {
        let attributes = change.after.as_ref().or(change.before.as_ref()).map(Attributes::value).unwrap_or_default();
        let text = |key: &str| attributes[key].as_str().unwrap_or_default();
        let gone = change.action == Action::Delete;
        match change.id.kind {
            PRINCIPAL => self.item(Kind::Principal, change),
            POLICY => self.item(Kind::Policy, change),
            ATTACHMENT if gone => self.detach(text("principal"), text("policy")),
            ATTACHMENT => self.attach(text("principal"), text("policy")),
            STATEMENT => {
                let statement = Statement { id: text("id").to_owned(), may: text("may").to_owned() };
                self.statement(text("registry"), statement, gone)
            }
            _ => Err(Error::new(ErrorKind::Unexpected, "no such kind of object")),
        }?;
        Ok(Outcome { identifier: Some(format!("cloud:{}/{}", change.id.kind, change.id.name)), ..Outcome::default() })
    }

    fn item(&self, kind: Kind, change: &Change) -> Result<()> {
        let name = &change.id.name;
        let Some(body) = change.after.as_ref().map(Attributes::value) else { return self.remove(kind, name) };
        let item = Item { owner: Some(self.stack.clone()), body: body.clone() };
        match self.cloud.create(kind, name, item) {
            Err(Refusal { code: Code::Exists, .. }) => self.rewrite(kind, name, body),
            answer => self.ask(answer),
        }
    }

    /// It is there: from an earlier try, or because this is an update. Only if it is ours, though.
    fn rewrite(&self, kind: Kind, name: &str, body: Value) -> Result<()> {
        match self.ask(self.cloud.get(kind, name))? {
            Some(item) if item.owner.as_deref() != Some(&self.stack) => {
                Err(Error::new(ErrorKind::Conflict, format!("`{name}` is not this stack's")))
            }
            Some(item) if item.body == body => Ok(()),
            Some(_) => self.ask(self.cloud.replace(kind, name, body)),
            None => Err(Error::new(ErrorKind::NotYet, format!("`{name}` isn't known everywhere yet"))),
        }
    }

    fn remove(&self, kind: Kind, name: &str) -> Result<()> {
        match self.ask(self.cloud.get(kind, name))? {
            Some(item) if item.owner.as_deref() == Some(&self.stack) => {}
            _ => return Ok(()),
        }
        match self.cloud.delete(kind, name) {
            Err(Refusal { code: Code::Missing, .. }) => Ok(()),
            answer => self.ask(answer),
        }
    }

    fn attach(&self, principal: &str, policy: &str) -> Result<()> {
        match self.cloud.attach(principal, policy) {
            // Both were made before this change: they are only not known everywhere.
            Err(Refusal { code: Code::Missing, operation }) => {
                let message = format!("`{principal}` or `{policy}` isn't known everywhere yet");
                Err(Error::new(ErrorKind::NotYet, message).with("operation", operation))
            }
            answer => self.ask(answer),
        }
    }

    fn detach(&self, principal: &str, policy: &str) -> Result<()> {
        match self.cloud.detach(principal, policy) {
            Err(Refusal { code: Code::Missing, .. }) => Ok(()),
            answer => self.ask(answer),
        }
    }

    /// Reads, merges and writes; the statements of others stay as they are.
    fn statement(&self, registry: &str, ours: Statement, gone: bool) -> Result<()> {
        let read = self.ask(self.cloud.read(registry))?;
        let mut merged = read.clone();
        match merged.iter().position(|statement| statement.id == ours.id) {
            Some(at) if gone => drop(merged.remove(at)),
            Some(at) => merged[at] = ours,
            None if gone => {}
            None => merged.push(ours),
        }
        if merged == read { Ok(()) } else { self.ask(self.cloud.write(registry, &read, merged)) }
    }
}
