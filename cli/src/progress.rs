//! Progress on standard error: a line that moves where a person watches, plain lines for `-v` elsewhere.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cloudgrant_core::{Action, Change, Error, Event, Outcome, Watch};
use indicatif::{ProgressBar, ProgressStyle};

use crate::printer::Printer;
use crate::render::{seconds, wrapped};

/// What stands in the line besides the message: spinner, bar, count, and room for an echoed `^C`.
const BESIDE: usize = 46;

/// Shows what the engine does.
#[derive(Debug)]
pub(crate) struct Progress {
    printer: Printer,
    provider: &'static str,
    /// Where a person watches.
    bar: Option<ProgressBar>,
    lines: bool,
    /// Looking again after everything is applied is one thing, however many steps it takes.
    verifying: AtomicBool,
}

impl Progress {
    pub(crate) fn new(printer: &Printer, provider: &'static str) -> Self {
        let bar = (printer.has_audience() && !printer.is_quiet()).then(|| {
            let bar = ProgressBar::new_spinner().with_style(spinner(printer));
            printer.bars().add(bar)
        });
        Self { lines: printer.is_verbose(), printer: printer.clone(), provider, bar, verifying: AtomicBool::new(false) }
    }

    /// Takes the moving line away.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.disable_steady_tick();
            bar.finish_and_clear();
        }
    }

    /// Something that takes a while, of unknown length.
    fn phase(&self, message: String) {
        if self.lines {
            self.printer.say(&message);
        }
        if let Some(bar) = &self.bar {
            // The message first: each of these draws.
            bar.set_message(self.fitting(&message));
            bar.set_style(spinner(&self.printer));
            bar.reset();
            bar.enable_steady_tick(Duration::from_millis(100));
        }
    }

    /// What fits in one line beside the bar. A full line would break when the terminal echoes a Ctrl-C.
    fn fitting(&self, message: &str) -> String {
        shortened(message, self.width().saturating_sub(BESIDE))
    }

    fn width(&self) -> usize {
        self.printer.width_of_errors().unwrap_or(80)
    }

    fn again(&self, what: &str, error: &Error, wait: Duration) {
        let again = format!("again in {}", seconds(wait));
        if self.lines {
            self.printer.say(&format!("{what}: {again}: {}", reason(error)));
        }
        if let Some(bar) = &self.bar {
            bar.set_message(waiting(what, &again, &reason(error), self.width()));
        }
    }

    fn ended(&self, line: impl FnOnce() -> String) {
        if self.lines {
            self.printer.say(&line());
        }
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }
}

impl Watch for Progress {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Asking | Event::Observing if self.verifying.load(Ordering::Relaxed) => {}
            Event::Asking => self.phase(format!("Working out what {} should have", self.provider)),
            Event::Observing => self.phase(format!("Looking at what {} has", self.provider)),
            Event::RetryingRead { error, wait } => self.again(&format!("Asking {}", self.provider), error, wait),
            Event::Applying { total } => {
                if let Some(bar) = &self.bar {
                    bar.set_message("");
                    bar.set_length(total as u64);
                    bar.reset();
                    bar.set_style(counter(&self.printer));
                    bar.enable_steady_tick(Duration::from_millis(100));
                }
            }
            Event::Started(change) => {
                if let Some(bar) = &self.bar {
                    bar.set_message(self.fitting(&change.id.to_string()));
                }
            }
            Event::Retrying { change, error, wait } => self.again(&change.id.to_string(), error, wait),
            Event::Done(change, outcome) => self.ended(|| done(change, outcome)),
            Event::Failed(change, error) => self.ended(|| format!("failed: {}: {}", change.id, error.message())),
            Event::Verifying => {
                self.verifying.store(true, Ordering::Relaxed);
                self.phase(format!("Checking that {} shows it", self.provider));
            }
            Event::Settling { left, wait } => {
                let message = format!("{left} not visible yet: looking again in {}", seconds(wait));
                if self.lines {
                    self.printer.say(&message);
                }
                if let Some(bar) = &self.bar {
                    bar.set_message(self.fitting(&message));
                }
            }
            _ => {}
        }
    }
}

/// What came of a try, and why: the message alone often says only that it failed.
fn reason(error: &Error) -> String {
    let why = error.context().iter().find(|(key, _)| *key == "cause" || key.ends_with(" said"));
    match why {
        Some((_, why)) if !error.message().contains(why.as_str()) => format!("{}: {why}", error.message()),
        _ => error.message().to_owned(),
    }
}

/// What is tried again, and in lines of its own, whole, why.
fn waiting(what: &str, again: &str, reason: &str, width: usize) -> String {
    let what = shortened(what, width.saturating_sub(BESIDE + again.len() + 3));
    format!("{what}: {again}:\n  {}", wrapped(reason, 2, 2, Some(width.saturating_sub(1))))
}

/// What fits, with the middle left out: names begin alike and end differently.
fn shortened(text: &str, room: usize) -> String {
    let length = text.chars().count();
    if length <= room {
        return text.to_owned();
    }
    let kept = room.saturating_sub(3);
    let (begin, end) = (kept - kept / 2, kept / 2);
    let begin: String = text.chars().take(begin).collect();
    let end: String = text.chars().skip(length - end).collect();
    format!("{begin}...{end}")
}

fn done(change: &Change, outcome: &Outcome) -> String {
    let verb = match change.action {
        Action::Create => "created",
        Action::Update => "updated",
        Action::Delete => "deleted",
        Action::Handoff => "handed off",
    };
    match &outcome.identifier {
        Some(identifier) => format!("{verb} {} ({identifier})", change.id),
        None => format!("{verb} {}", change.id),
    }
}

fn spinner(printer: &Printer) -> ProgressStyle {
    style(printer, "{spinner:.cyan} {msg}", "{spinner} {msg}")
}

fn counter(printer: &Printer) -> ProgressStyle {
    style(printer, "{spinner:.cyan} [{bar:24.cyan/dim}] {pos}/{len} {msg}", "{spinner} [{bar:24}] {pos}/{len} {msg}")
}

fn style(printer: &Printer, coloured: &str, plain: &str) -> ProgressStyle {
    let template = if printer.is_coloured() { coloured } else { plain };
    // The templates are constants; the fallback only keeps this from being able to fail.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .progress_chars("=> ")
        .tick_chars("|/-\\ ")
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::ErrorKind;

    use super::*;

    #[test]
    fn the_reason_is_never_cut() {
        let error = Error::new(ErrorKind::Unreachable, "iam:CreateRole failed")
            .with("operation", "iam:CreateRole")
            .with("cause", "no connection: dns error: failed to lookup address information: Name or service not known");
        let what = "iam-role cloudgrant_acme-ml_forecasting_production_with_a_long_name";
        for width in [40, 60, 100, 200] {
            let seen = waiting(what, "again in 2.0 s", &reason(&error), width);
            assert!(seen.lines().all(|line| line.chars().count() < width), "{width}: {seen}");
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert!(words(&seen).ends_with(&words(&reason(&error))), "{width}: {seen}");
            assert!(seen.contains("again in 2.0 s"), "{width}: {seen}");
        }
    }

    #[test]
    fn the_middle_is_left_out() {
        assert_eq!(shortened("abcdefghij", 10), "abcdefghij");
        assert_eq!(shortened("abcdefghij", 8), "abc...ij");
        assert_eq!(shortened("äbcdefghij", 3), "...");
        assert_eq!(shortened("abcdefghij", 0), "...");
    }
}
