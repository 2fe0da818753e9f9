//! What came of an apply, for people.

use cloudgrant_core::{Action, Change, Report, Summary};

use super::pasted::Here;
use super::{BOLD, GREEN, RED, YELLOW, counted, error, seconds, styled, wrapped};

/// What didn't go as planned; empty if all did.
pub(crate) fn problems(report: &Report, look: &str, here: &Here, width: Option<usize>) -> String {
    let mut out = String::new();
    for failed in &report.failed {
        out.push_str(&error::failed(&failed.change.id.to_string(), &failed.error, here, width));
    }
    let title = if report.cancelled { "Not begun, because of the interruption:" } else { "Not begun:" };
    out.push_str(&list(title, &report.remaining));
    if let Some(unseen) = &report.unseen {
        out.push_str(&error::failed("looking at what was made", unseen, here, width));
    }
    for applied in &report.applied {
        for remark in &applied.outcome.remarks {
            let text = wrapped(&format!("{}: {remark}", applied.change.id), 9, 2, width);
            out.push_str(&format!("{}: {text}\n", styled(YELLOW, "warning")));
        }
    }
    out.push_str(&list("Sent and accepted, but the cloud doesn't show it as it should be yet:", &report.unverified));
    if !report.unverified.is_empty() {
        out.push_str(&format!(
            "Everything else was seen. The run took {}; look again in some minutes (`{look}`), and apply again \
             if something is still missing then. `settle_timeout` waits longer.\n",
            seconds(report.elapsed),
        ));
    }
    out
}

/// All that was made, changed and deleted, as the cloud calls it: what people copy into other tools (requirement 12).
pub(crate) fn made(report: &Report) -> String {
    let mut out = String::new();
    for applied in &report.applied {
        let (style, verb) = match applied.change.action {
            Action::Create => (GREEN, "made"),
            Action::Update => (YELLOW, "updated"),
            Action::Delete => (RED, "deleted"),
            Action::Handoff => continue,
        };
        let id = &applied.change.id;
        let name = applied.outcome.identifier.as_deref().unwrap_or(&id.name);
        out.push_str(&format!("{} {}  {name}\n", styled(style, verb), id.kind));
    }
    if out.is_empty() { out } else { format!("\n{out}\n") }
}

fn list(title: &str, changes: &[Change]) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let mut out = format!("{}\n", styled(YELLOW, title));
    for change in changes {
        out.push_str(&format!("  {}\n", change.id));
    }
    out
}

/// The last line.
pub(crate) fn summary(report: &Report, width: Option<usize>) -> String {
    let Summary { create, update, delete, handoff, unchanged } = report.summary();
    let title = if report.is_success() { "Done:" } else { "Not all done:" };
    let mut line = format!("{create} created, {update} updated, {delete} deleted");
    for (count, what) in [
        (report.failed.len(), "failed"),
        (report.remaining.len(), "not begun"),
        (report.unverified.len(), "not visible yet"),
    ] {
        if count > 0 {
            line.push_str(&format!(", {count} {what}"));
        }
    }
    if report.unseen.is_some() {
        line.push_str(", not looked at again");
    }
    if handoff > 0 {
        line.push_str(&format!(", {} left for somebody else", counted(handoff, "step", "steps")));
    }
    line.push_str(&format!(", {unchanged} unchanged"));
    let took = seconds(report.elapsed);
    match report.requests {
        Some(requests) => line.push_str(&format!(" ({}, {took}).", counted(requests as usize, "request", "requests"))),
        None => line.push_str(&format!(" ({took}).")),
    }
    format!("{} {}\n", styled(BOLD, title), wrapped(&line, title.len() + 1, 2, width))
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use cloudgrant_core::{Applied, ObjectId, Outcome, Ownership};

    use super::*;

    pub(in crate::render) fn creation(name: &str) -> Change {
        Change {
            id: ObjectId::new("role-assignment", name),
            action: Action::Create,
            before: None,
            after: None,
            known_after_apply: Vec::new(),
            depends_on: Vec::new(),
            because: Vec::new(),
            ownership: Ownership::Exclusive,
            handoff: None,
            warning: None,
        }
    }

    /// However many there are.
    #[test]
    fn all_that_was_made_is_listed() {
        let applied = (0..50).map(|n| {
            let outcome = Outcome { identifier: (n % 2 == 0).then(|| format!("id-{n}")), ..Outcome::default() };
            Applied { change: creation(&format!("name-{n}")), outcome }
        });
        let told = made(&Report { applied: applied.collect(), ..Report::default() });
        let lines: Vec<_> = told.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), 50, "{told}");
        for (n, line) in lines.iter().enumerate() {
            let name = if n % 2 == 0 { format!("id-{n}") } else { format!("name-{n}") };
            assert!(line.contains("made") && line.ends_with(&format!("role-assignment  {name}")), "{line}");
        }
    }

    #[test]
    fn what_was_not_seen_is_listed_with_what_to_do() {
        let change = creation("flyte-tasks: AcrPull on acmeown");
        let mut report = Report { elapsed: Duration::from_secs(605), ..Report::default() };
        assert_eq!(problems(&report, "cloudgrant drift", &Here::default(), None), "");
        report.unverified.push(change);
        let told = problems(&report, "cloudgrant drift", &Here::default(), None);
        for said in [
            "accepted",
            "role-assignment flyte-tasks: AcrPull on acmeown",
            "took 10 min 5 s",
            "drift",
            "settle_timeout",
        ] {
            assert!(told.contains(said), "{said}: {told}");
        }
    }
}
