//! Notes: what a reader of a plan should know.

use std::fmt;

use serde::Serialize;

/// Said of a plan that takes everything away only because the manifest asks for nothing, as one with `grants: []` does.
pub const TAKES_ALL_AWAY: &str = "this plan takes away everything that the stack has made: the manifest has no grants";

/// Said of a plan that deletes something while the manifest has no grants, and leaves what registries or bindings ask for.
pub const DELETES_WITHOUT_GRANTS: &str = "this plan deletes what the stack has made, and the manifest has no grants";

/// Something that a reader of the plan should know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Note {
    /// What it is about: an intent or an object.
    pub about: String,
    /// How serious.
    pub level: Level,
    /// What there is to know.
    pub message: String,
    /// Whether it tells who loses access, or who keeps it, and no change of the plan says that: then it is told however quiet one
    /// wants a plan.
    #[serde(skip)]
    pub is_of_access: bool,
}

/// How serious a note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Something might not be as somebody thinks.
    Warning,
    /// Good to know.
    Info,
}

impl Note {
    /// A warning.
    pub fn warning(about: impl fmt::Display, message: impl Into<String>) -> Self {
        Self { about: about.to_string(), level: Level::Warning, message: message.into(), is_of_access: false }
    }

    /// A warning that somebody loses access, or keeps it, which no change of the plan says.
    pub fn of_access(about: impl fmt::Display, message: impl Into<String>) -> Self {
        Self { is_of_access: true, ..Self::warning(about, message) }
    }

    /// Whether it says that a plan deletes although, or because, the manifest has no grants ([`TAKES_ALL_AWAY`],
    /// [`DELETES_WITHOUT_GRANTS`]).
    pub fn is_of_no_grants(&self) -> bool {
        [TAKES_ALL_AWAY, DELETES_WITHOUT_GRANTS].contains(&self.message.as_str())
    }

    /// An information.
    pub fn info(about: impl fmt::Display, message: impl Into<String>) -> Self {
        Self { about: about.to_string(), level: Level::Info, message: message.into(), is_of_access: false }
    }
}
