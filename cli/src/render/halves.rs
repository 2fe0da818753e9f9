//! Whom a grant reaches, and both halves of that access: the cloud's and the platform's.

use cloudgrant_core::{Audience, Choice, Execute, Scope, ScopeKind, Tenancy};

use super::{CYAN, DIM, counted, indented, styled, wrapped};

/// Under its scope: whom a grant reaches, and what other scopes would reach.
pub(super) fn reached(platform: &Tenancy, scope: &Scope, kinds: &[ScopeKind], width: Option<usize>) -> String {
    let audience = platform.audience(scope, kinds);
    let mut out = String::new();
    let mut line = |text: &str| out.push_str(&format!("    {}\n", wrapped(text, 4, 6, width)));
    line(&format!("reaches {audience}"));
    line(&others(&audience));
    out
}

/// What was recommended, and what could be chosen in its place.
fn others(audience: &Audience) -> String {
    const WHY: &str = "the platform recommends for most uses, as it is simplest";
    let (wider, narrower): (Vec<_>, Vec<_>) = audience.others.iter().partition(|choice| choice.newly > 0);
    let mut parts = Vec::new();
    if audience.recommended {
        parts.push(format!("this is what {WHY}"));
    }
    parts.extend(wider.into_iter().map(|choice| {
        let newly = counted(choice.newly, "more pair", "more pairs");
        let why = if choice.recommended { format!(", and is what {WHY}") } else { String::new() };
        format!("{} would newly reach {newly}{why}", named(choice))
    }));
    if !narrower.is_empty() {
        let narrower = narrower
            .into_iter()
            .map(|choice| format!("{} ({} of {})", named(choice), choice.pairs, counted(audience.of, "pair", "pairs")));
        let narrower = narrower.collect::<Vec<_>>().join(" or ");
        parts.push(format!("least privilege, where it is enough: {narrower}"));
    }
    if parts.is_empty() { "no other scope reaches less".to_owned() } else { parts.join("; ") }
}

fn named(choice: &Choice) -> &'static str {
    match choice.kind {
        ScopeKind::Global => "global",
        ScopeKind::Domain => "a domain",
        ScopeKind::ProjectDomain => "a project in a domain",
        ScopeKind::Workload => "a workload",
    }
}

/// Of one grant, in a line; what to do about it stands at the end, once.
pub(super) fn platforms_half(execute: &Execute, pairs: usize) -> String {
    let what = match execute.action {
        Some(action) => format!("who starts these tasks needs `{action}` on {}", counted(pairs, "pair", "pairs")),
        None => "none, as the platform has no permission to execute".to_owned(),
    };
    format!("  the platform's half:\n    {what}; see execute, at the end\n\n")
}

/// What the platform asks for, and how it is given.
pub(super) fn execute(execute: &Execute, width: Option<usize>) -> String {
    let mut out = format!("{}   {}\n", styled(CYAN, "execute"), styled(DIM, "(the platform's half of access)"));
    out.push_str(&format!("  {}\n", wrapped(&execute.summary, 2, 4, width)));
    if let Some(handoff) = &execute.handoff {
        out.push_str(&format!("  {} {}\n", styled(DIM, "who: "), wrapped(&handoff.to, 8, 8, width)));
        out.push_str(&format!("  {} {}\n", styled(DIM, "what:"), wrapped(&handoff.task, 8, 8, width)));
        out.push_str(&indented(&handoff.document, 4));
    }
    out.push('\n');
    out
}
