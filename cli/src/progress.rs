//! Progress on standard error: a line that moves where a person watches, plain lines for `-v` elsewhere.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cloudgrant_core::{Action, Change, Error, Event, Outcome, Watch};
use indicatif::{ProgressBar, ProgressStyle};

use crate::printer::Printer;
use crate::render::seconds;

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
        let room = self.printer.width_of_errors().unwrap_or(80).saturating_sub(BESIDE);
        if message.chars().count() <= room {
            return message.to_owned();
        }
        let cut: String = message.chars().take(room.saturating_sub(3)).collect();
        format!("{cut}...")
    }

    fn again(&self, what: &str, error: &Error, wait: Duration) {
        let message = format!("{what}: again in {}: {}", seconds(wait), error.message());
        if self.lines {
            self.printer.say(&message);
        }
        if let Some(bar) = &self.bar {
            bar.set_message(self.fitting(&message));
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
