//! One error for everything: what was attempted, on what, what came of it, and what to do.

pub(crate) mod code;
pub(crate) mod diagnostic;
mod headline;
pub(crate) mod kind;
pub(crate) mod problem_kind;

use std::fmt;

use crate::contract::error::code::{CloudError, Code};
use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::headline::where_problems_are;
pub use crate::contract::error::kind::ErrorKind;
use crate::text::redact::bounded;

/// The result of anything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// An error: kind, code, message, context, hint, what the cloud said, and what caused it.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    code: Option<Code>,
    cloud: Option<CloudError>,
    message: String,
    context: Vec<(&'static str, String)>,
    hint: Option<String>,
    diagnostics: Vec<Diagnostic>,
    source: Option<Source>,
    /// Whether the message says how many problems there are, and with what.
    counts_problems: bool,
}

impl Error {
    /// An error of a kind, with a message that says what was attempted.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            code: None,
            cloud: None,
            message: bounded(message.into()),
            context: Vec::new(),
            hint: None,
            diagnostics: Vec::new(),
            source: None,
            counts_problems: false,
        }))
    }

    /// The problems of a manifest and of what lies over it, all of them.
    pub fn manifest(diagnostics: Vec<Diagnostic>) -> Self {
        let mut error = Self::new(ErrorKind::Manifest, where_problems_are(&diagnostics));
        error.0.counts_problems = true;
        error.0.diagnostics = diagnostics;
        error
    }

    /// Everything that stands in the way, as one error: each is told, with its facts and what to do. One alone stays as it
    /// is; none if there are none. Where it is the cloud that fails, that alone is told, as nothing else is known for certain. Of
    /// what is denied, the first few are told, and how many more.
    pub fn all(errors: Vec<Self>) -> Option<Self> {
        (!errors.is_empty()).then(|| Self::joined(errors))
    }

    fn joined(mut errors: Vec<Self>) -> Self {
        let is_denied = |error: &Self| error.kind() == ErrorKind::AccessDenied;
        let fails = errors.iter().position(|error| !error.kind().is_of_the_intents() && !is_denied(error));
        if fails.is_some() || errors.len() == 1 {
            return errors.swap_remove(fails.unwrap_or_default());
        }
        // What is denied decides what comes of it all.
        errors.sort_by_key(|error| !is_denied(error));
        let (mut problems, mut denied): (Vec<Diagnostic>, usize) = (Vec::new(), 0);
        // Two verbs may find the same.
        errors.retain(|error| {
            let new: Vec<_> = error
                .as_problems()
                .into_iter()
                .filter(|problem| !problems.iter().any(|known| known.says_the_same(problem)))
                .collect();
            let any = !new.is_empty();
            denied += if is_denied(error) { new.len() } else { 0 };
            problems.extend(new);
            any
        });
        if errors.len() == 1 {
            return errors.swap_remove(0);
        }
        let kind = errors.first().map_or(ErrorKind::Unexpected, Self::kind);
        let message = format!("{} things stand in the way", problems.len());
        if denied > Self::DENIED_TOLD {
            let rest = format!("and {} more that are denied", denied - Self::DENIED_TOLD);
            problems.splice(Self::DENIED_TOLD..denied, [Diagnostic::new("", rest)]);
        }
        Self::new(kind, message).diagnostics(problems)
    }

    /// How many are told of what is denied: whoever lacks a right mostly lacks it in many places.
    const DENIED_TOLD: usize = 5;

    /// Two results, or what is wrong with either of them.
    ///
    /// # Errors
    /// Theirs, [all](Self::all) of them.
    pub fn both<A, B>(one: Result<A>, other: Result<B>) -> Result<(A, B)> {
        let errors = match (one, other) {
            (Ok(one), Ok(other)) => return Ok((one, other)),
            (Err(error), Ok(_)) | (Ok(_), Err(error)) => return Err(error),
            (Err(error), Err(other)) => vec![error, other],
        };
        Err(Self::joined(errors))
    }

    /// What is wrong, as the parts of an error that has several.
    fn as_problems(&self) -> Vec<Diagnostic> {
        if !self.problems().is_empty() {
            return self.problems().to_vec();
        }
        let told = |is_told: fn(&str) -> bool| {
            let facts = self.context().iter().filter(|(key, _)| is_told(key));
            let facts: String = facts.map(|(key, value)| format!("; {key}: {value}")).collect();
            format!("{}{facts}", self.message())
        };
        let mut problem = Diagnostic::new("", told(|_| true));
        // What is asked for more than once is refused as often, each time as another request.
        let is_of_request = self.context().iter().any(|(key, _)| REQUESTS.contains(key));
        problem.but_for_request = is_of_request.then(|| Box::new(told(|key| !REQUESTS.contains(&key))));
        vec![match self.hint_text() {
            Some(hint) => problem.hint(hint),
            None => problem,
        }]
    }

    /// A provider that breaks the contract.
    pub fn provider_bug(provider: &str, what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::ProviderBug, format!("the provider `{provider}` broke its contract: {what}"))
            .hint("this is a bug in the provider; report it to its author")
    }

    /// Adds a fact: the operation, the object, what the cloud said. The first of a key stays.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        if !self.0.context.iter().any(|(known, _)| *known == key) {
            self.0.context.push((key, bounded(without_number(value.to_string()))));
        }
        self
    }

    /// Says by a code what it is, where somebody decides by more than the kind.
    #[must_use]
    pub fn with_code(mut self, code: Code) -> Self {
        self.0.code = Some(code);
        self
    }

    /// Keeps what the cloud said, for whoever decides by it. What people are told of that is a [fact](Self::with).
    #[must_use]
    pub fn of_cloud(mut self, code: impl Into<String>, message: impl Into<String>) -> Self {
        self.0.cloud = Some(CloudError { code: bounded(code.into()), message: bounded(message.into()) });
        self
    }

    /// The same failure as one of another kind, which has no code of its own any more. All else that it says stays.
    #[must_use]
    pub fn as_kind(mut self, kind: ErrorKind) -> Self {
        (self.0.kind, self.0.code) = (kind, None);
        self
    }

    /// Says what to do. A hint that is nearer to the cause stays.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint.get_or_insert_with(|| bounded(hint.into()));
        self
    }

    /// The same failure where nothing is tried again, whatever its kind: all that it says stays.
    #[must_use]
    pub(crate) fn for_good(mut self) -> Self {
        if self.0.kind.is_retryable() {
            self.0.kind = ErrorKind::Unexpected;
        }
        self
    }

    /// The same once more, without its cause.
    pub(crate) fn told_again(&self) -> Self {
        let Inner { kind, code, cloud, message, context, hint, diagnostics, source: _, counts_problems } = &*self.0;
        Self(Box::new(Inner {
            kind: *kind,
            code: *code,
            cloud: cloud.clone(),
            message: message.clone(),
            context: context.clone(),
            hint: hint.clone(),
            diagnostics: diagnostics.clone(),
            source: None,
            counts_problems: *counts_problems,
        }))
    }

    /// All that it says, for a note: the message, the facts, and what to do.
    pub fn in_a_sentence(&self) -> String {
        let facts: Vec<_> = self.context().iter().map(|(key, value)| format!("{key} {value}")).collect();
        let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
        let hint = self.hint_text().map(|hint| format!(": {hint}")).unwrap_or_default();
        format!("{}{facts}{hint}", self.message())
    }

    /// Keeps the cause.
    #[must_use]
    pub fn source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Attaches the places and sentences of what is wrong. A message that says where [problems](Self::manifest) are says where
    /// these are.
    #[must_use]
    pub fn diagnostics(mut self, diagnostics: Vec<Diagnostic>) -> Self {
        if self.0.counts_problems {
            self.0.message = where_problems_are(&diagnostics);
        }
        self.0.diagnostics = diagnostics;
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What it is, for programs: the kind's code, where nobody said more exactly.
    pub fn code(&self) -> Code {
        self.0.code.unwrap_or_else(|| self.0.kind.into())
    }

    /// What the cloud said, where it said anything.
    pub fn cloud(&self) -> Option<&CloudError> {
        self.0.cloud.as_ref()
    }

    /// The cloud's code; empty where it gave none.
    pub fn cloud_code(&self) -> &str {
        self.cloud().map_or("", |cloud| &cloud.code)
    }

    /// The message, without context.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The facts, in the order in which they were added.
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// What to do about it.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The single problems of a manifest, or of a batch.
    pub fn problems(&self) -> &[Diagnostic] {
        &self.0.diagnostics
    }
}

/// Under which a cloud's number of a request is kept.
const REQUESTS: [&str; 2] = ["request id", "request"];

/// What the operating system says, without its number for that: it means nothing to people.
fn without_number(mut said: String) -> String {
    let begin = said.strip_suffix(')').and_then(|said| said.rsplit_once(" (os error "));
    if let Some((begin, number)) = begin
        && number.chars().all(|digit| digit.is_ascii_digit())
    {
        said.truncate(begin.len());
    }
    said
}

impl fmt::Display for Error {
    /// One line: the message and the facts. The command line renders more.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        for diagnostic in &self.0.diagnostics {
            write!(f, "; {diagnostic}")?;
        }
        for (key, value) in &self.0.context {
            write!(f, "; {key}: {value}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)?;
        if let Some(hint) = &self.0.hint {
            write!(f, " (hint: {hint})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests;
