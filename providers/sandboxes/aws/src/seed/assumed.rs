//! Roles of other accounts that a data plane's account becomes. One folder can serve several data planes: the profiles of a
//! manifest. Such a role lets in each of them, as its owner would have it.

use cloudgrant_sandbox_kit::{Result, SandboxError};
use serde_json::{Value, json};

use super::documents::root;
use super::iam::{role, save_role};
use crate::authorization::policy::parse::parse;
use crate::partition::Partition;
use crate::server::auth;
use crate::state::model::Document;
use crate::state::{State, iam_arn};

/// A role's ARN, what its trust policy demands, and how long its sessions may last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assumed {
    arn: String,
    external_id: Option<String>,
    session_name: Option<String>,
    /// In seconds; as IAM has it where nothing is said.
    duration: Option<i64>,
}

impl Assumed {
    /// A role's ARN, or a mapping with it and how it is assumed.
    pub(super) fn read(written: &Value) -> Option<Self> {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        match text(Some(written)) {
            Some(arn) => Some(Self { arn, external_id: None, session_name: None, duration: None }),
            None => Some(Self {
                arn: text(written.get("role"))?,
                external_id: text(written.get("external_id")),
                session_name: text(written.get("session_name")),
                duration: written.get("duration").and_then(Value::as_i64),
            }),
        }
    }

    /// What lets a data plane's account in.
    fn statement(&self, partition: Partition, account: &str) -> Value {
        let mut statement = json!(
            {"Effect": "Allow", "Principal": {"AWS": root(partition, account)}, "Action": "sts:AssumeRole"}
        );
        for (key, value) in [("sts:ExternalId", &self.external_id), ("sts:RoleSessionName", &self.session_name)] {
            if let Some(value) = value {
                statement["Condition"]["StringEquals"][key] = json!(value);
            }
        }
        statement
    }

    /// How long its sessions may last: what is asked for, and what every role allows.
    fn max_session(&self) -> i64 {
        self.duration.unwrap_or_default().max(3600)
    }
}

/// Makes the role, or has the one that was made here let in the data plane's account, too. What somebody else made, changed or
/// deleted stays as it is.
pub(super) fn seed(state: &mut State, account: &str, assumed: &Assumed) -> Result<()> {
    let Some((owner, name, path)) = role_arn(state.partition, &assumed.arn) else { return Ok(()) };
    let what = format!("role {owner} {name}");
    let statement = assumed.statement(state.partition, account);
    let (role, trust) = match state.account_mut(&owner).role(&name).cloned() {
        Some(role) if state.history.is_seeded(&of_ours(&what, &role.trust.text)) => {
            let trust = with(&role.trust.text, statement);
            if trust == role.trust.text && role.max_session >= assumed.max_session() {
                return Ok(());
            }
            (role, trust)
        }
        None if !state.history.is_seeded(&what) => {
            let trust = json!({"Version": "2012-10-17", "Statement": [statement]});
            let mut role = role(state.partition, &owner, &name, &trust, &[]);
            role.path = path;
            (role, trust.to_string())
        }
        Some(_) | None => return Ok(()),
    };
    // First, so that a text which nobody noted is never taken for one of ours.
    state.mark_seeded(of_ours(&what, &trust))?;
    let is_new = role.id.is_empty();
    let max_session = role.max_session.max(assumed.max_session());
    let trust = Document { text: trust, ..Document::default() };
    let role = crate::state::model::Role { trust, max_session, ..role };
    let saved = if is_new { save_role(state, role) } else { state.save_role(role) };
    saved.map_err(|error| SandboxError::new(format!("make the {what}")).because(error.message))?;
    state.mark_seeded(what)
}

/// How a trust policy is remembered that was written here.
fn of_ours(what: &str, trust: &str) -> String {
    format!("trust of {what}: {trust}")
}

/// A trust policy of ours with one more statement, in place of the one for the same account.
fn with(trust: &str, statement: Value) -> String {
    let Some(mut document) = parse(trust) else { return trust.to_owned() };
    if let Some(Value::Array(statements)) = document.get_mut("Statement") {
        match statements.iter_mut().find(|known| known["Principal"] == statement["Principal"]) {
            Some(known) => *known = statement,
            None => statements.push(statement),
        }
    }
    document.to_string()
}

/// Account, name and path.
fn role_arn(partition: Partition, arn: &str) -> Option<(String, String, String)> {
    let (account, resource) = iam_arn(partition, arn)?;
    let full = resource.strip_prefix("role")?;
    let (path, name) = full.rsplit_once('/')?;
    (auth::is_account(account) && !name.is_empty()).then(|| (account.to_owned(), name.to_owned(), format!("{path}/")))
}
