//! A plan in a file: made by `plan --out`, shown by `show`, and carried out by `apply FILE` if everything is as it was.
//!
//! What is done is never read from the file. `apply` makes the plan anew and compares digests: somebody who can write the file can
//! keep it from being applied, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use cloudgrant_core::{Caller, Error, ErrorKind, Plan, Result, Session, quoted};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::command::shell::Shell;

/// What stands first in such a file, and tells it from any other.
const FORMAT: &str = "cloudgrant-plan/1";

/// A file is no plan if it is larger than this, in bytes: a plan of 100,000 changes is a quarter of it.
const LARGEST: u64 = 1 << 30;

/// A plan as it was shown.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedPlan {
    format: String,
    /// The program that made it, and its version.
    program: String,
    pub(crate) stack: String,
    provider: String,
    /// The account and the cluster, or the subscription and the resource group, as the provider names its home.
    home: String,
    /// Whether the cloud is a sandbox's.
    sandbox: bool,
    /// Who looked, as the cloud says; nobody where it doesn't say.
    caller: Option<String>,
    /// Stands for the manifest with the environment and the options over it.
    manifest: String,
    /// [`Plan::digest`].
    pub(crate) digest: String,
    /// As people were shown it, without styles.
    pub(crate) text: String,
    /// As programs were shown it.
    pub(crate) document: Value,
}

impl SavedPlan {
    /// Of a plan that was made just now.
    ///
    /// # Errors
    /// It can't become JSON, which is a bug.
    pub(crate) fn of(
        session: &Session,
        plan: &Plan,
        caller: Option<&Caller>,
        text: &str,
        document: &impl Serialize,
    ) -> Result<Self> {
        let document = serde_json::to_value(document).map_err(|cause| {
            Error::new(ErrorKind::Unexpected, "the plan can't be written as JSON").with("cause", cause)
        })?;
        Ok(Self {
            format: FORMAT.to_owned(),
            program: PROGRAM.to_owned(),
            stack: plan.stack.to_string(),
            provider: plan.provider.to_owned(),
            home: session.provider().home(),
            sandbox: session.is_in_sandbox(),
            caller: caller.map(|caller| caller.principal.clone()),
            manifest: session.loaded().digest(),
            digest: plan.digest(),
            text: anstream::adapter::strip_str(text).to_string(),
            document,
        })
    }

    /// Reads one.
    ///
    /// # Errors
    /// There is no such file, or it is no plan.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let no_plan = |why: String| {
            Error::new(ErrorKind::Usage, format!("{} is no saved plan", file.display()))
                .with("cause", why)
                .hint("`cloudgrant plan --out FILE` saves one")
        };
        let unread = |cause: io::Error| {
            Error::new(ErrorKind::Usage, format!("can't read the saved plan {}", file.display()))
                .with("cause", cause)
                .hint("`cloudgrant plan --out FILE` saves one")
        };
        let size = fs::metadata(file).map_err(unread)?.len();
        if size > LARGEST {
            return Err(no_plan(format!("it has {size} bytes")));
        }
        let text = fs::read_to_string(file).map_err(unread)?;
        let read: Self = serde_json::from_str(&text).map_err(|cause| no_plan(cause.to_string()))?;
        if read.format != FORMAT {
            return Err(no_plan(format!("its format is `{}`, and this program knows `{FORMAT}`", read.format)));
        }
        Ok(read)
    }

    /// Writes it. The file is whole at any time, and for its owner alone: a plan names what everybody may reach.
    ///
    /// # Errors
    /// It can't be written, or something else than a plan is there.
    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        // A link would lead to a file that nobody named.
        if file.symlink_metadata().is_ok() && (file.is_symlink() || Self::read(file).is_err()) {
            return Err(Error::new(ErrorKind::Usage, format!("{} is there, and is no saved plan", file.display()))
                .hint("name another file, or remove it"));
        }
        let folder = match file.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let written = || -> io::Result<()> {
            // Only its owner may read what this makes.
            let mut aside = tempfile::Builder::new().prefix(".cloudgrant-plan").tempfile_in(folder)?;
            serde_json::to_writer(&mut aside, self)?;
            aside.write_all(b"\n")?;
            aside.as_file().sync_all()?;
            aside.persist(file)?;
            Ok(())
        };
        written().map_err(|cause| {
            Error::new(ErrorKind::Usage, format!("can't write the plan to {}", file.display())).with("cause", cause)
        })
    }

    /// Whether a session is for what the plan was made for.
    ///
    /// # Errors
    /// It is for something else, and for what.
    pub(crate) fn check_session(&self, session: &Session) -> Result<()> {
        let cloud = |in_sandbox| if in_sandbox { "a sandbox" } else { "the cloud itself" }.to_owned();
        let now = [
            ("stack", &self.stack, session.loaded().manifest.stack.to_string()),
            ("provider", &self.provider, session.registration().id.to_owned()),
            ("home", &self.home, session.provider().home()),
            ("cloud", &cloud(self.sandbox), cloud(session.is_in_sandbox())),
        ];
        if let Some((what, then, now)) = now.into_iter().find(|(_, then, now)| *then != now) {
            return Err(stale(format!("the saved plan is for another {what}")).with("then", then).with("now", now));
        }
        if self.manifest != session.loaded().digest() {
            return Err(stale(
                "the manifest, or what the environment lays over it, isn't as it was when the plan was saved",
            ));
        }
        Ok(())
    }

    /// Whether a plan that was made now is the saved one.
    ///
    /// # Errors
    /// It is another one, and in what.
    pub(crate) fn check_plan(&self, plan: &Plan, document: &impl Serialize) -> Result<()> {
        let now = serde_json::to_value(document).unwrap_or_default();
        let differs = difference(&self.document, &now);
        let message = match (self.digest == plan.digest(), differs.is_empty()) {
            (true, true) => return Ok(()),
            (true, false) => "the saved plan shows other changes than it stands for: somebody has edited its file",
            (false, _) => {
                "the cloud isn't as it was when the plan was saved, so that another plan would be carried out"
            }
        };
        Err(differs.into_iter().fold(stale(message), |error, (key, what)| error.with(key, what)))
    }
}

const PROGRAM: &str = concat!("cloudgrant ", env!("CARGO_PKG_VERSION"));

fn stale(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::PlanStale, message).hint("make a new plan, and have that approved; nothing was changed")
}

/// In which objects two plans differ: the first few of each kind of difference.
fn difference(then: &Value, now: &Value) -> Vec<(&'static str, String)> {
    const SHOWN: usize = 5;
    let of = |document: &Value| -> BTreeMap<String, Value> {
        let changes = document["changes"].as_array().into_iter().flatten();
        let named = |change: &Value| {
            let part = |key: &str| change[key].as_str().unwrap_or_default().to_owned();
            let name = format!("{} {} {}", part("action"), part("kind"), part("name"));
            // Sentences name commands with the options of the run that shows them.
            let handoff = ["to", "document"].map(|key| change["handoff"][key].clone());
            (name, json!([change["because"], change["before"], change["after"], change["known_after_apply"], handoff]))
        };
        changes.map(named).collect()
    };
    let (then, now) = (of(then), of(now));
    let listed = |names: Vec<&String>| {
        let more = names.len().saturating_sub(SHOWN);
        let shown: Vec<_> = names.into_iter().take(SHOWN).map(String::as_str).collect();
        let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
        (!shown.is_empty()).then(|| shown.join(", ") + &rest)
    };
    let new = now.keys().filter(|name| !then.contains_key(*name)).collect();
    let gone = then.keys().filter(|name| !now.contains_key(*name)).collect();
    let other = now.iter().filter(|(name, change)| then.get(*name).is_some_and(|then| then != *change));
    let told = [
        ("new", listed(new)),
        ("no longer", listed(gone)),
        ("otherwise", listed(other.map(|(name, _)| name).collect())),
    ];
    told.into_iter().filter_map(|(key, names)| Some((key, names?))).collect()
}

/// The commands that show a saved plan and carry it out, with the options of this run.
pub(crate) fn commands(shell: Shell<'_>, file: &Path) -> [String; 2] {
    let file = quoted(&file.display().to_string()).to_string();
    [format!("cloudgrant show {file}"), shell.global.repeated(&format!("apply {file}"))]
}
