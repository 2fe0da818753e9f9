//! Progress on standard error: a line that moves where a person watches, plain lines for `-v` elsewhere.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cloudgrant_core::{Action, Change, Error, Event, Outcome, Watch};
use indicatif::{ProgressBar, ProgressStyle};

use crate::render::{seconds, wrapped};
use crate::terminal::harmless::harmless;
use crate::terminal::printer::Printer;

/// What stands in the line besides the message of a phase: the spinner, and room for an echoed `^C`.
const BESIDE_SPINNER: usize = 8;
/// The same of what is counted, without the bar.
const BESIDE_COUNT: usize = 20;

/// How long the bar is in a line so wide: what is being done says more than a bar.
fn bar_of(width: usize) -> usize {
    match width {
        80.. => 24,
        50.. => 10,
        _ => 0,
    }
}

/// What stands in a line so wide besides the message of a change: spinner, bar, count, and room for an echoed `^C`.
fn beside_count(width: usize) -> usize {
    match bar_of(width) {
        0 => BESIDE_COUNT,
        bar => BESIDE_COUNT + bar + 2,
    }
}

/// After how long without anything new it is said what is waited for; then after twice as long, and so on.
const SILENCE: Duration = Duration::from_secs(10);

/// Something that the cloud hasn't answered yet.
#[derive(Debug)]
struct Waiting {
    what: String,
    /// Why it was tried again, if it was.
    last: Option<String>,
    since: Instant,
    /// After how long it is said next.
    next: Duration,
}

impl Waiting {
    fn new(what: String) -> Self {
        Self { what, last: None, since: Instant::now(), next: SILENCE }
    }

    /// What is to be said, if it is time for it.
    fn due(&mut self, now: Instant) -> Option<String> {
        let waited = now.saturating_duration_since(self.since);
        if waited < self.next {
            return None;
        }
        while self.next <= waited {
            self.next *= 2;
        }
        let last = self.last.as_ref().map(|last| format!("; the last try: {last}")).unwrap_or_default();
        Some(format!("{}: still waiting after {} s{last}", self.what, waited.as_secs()))
    }
}

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
    /// Nothing while a person is asked.
    waiting: Mutex<Option<Waiting>>,
}

impl Progress {
    pub(crate) fn new(printer: &Printer, provider: &'static str) -> Self {
        let bar = (printer.moves_lines() && !printer.is_quiet()).then(|| {
            let bar = ProgressBar::new_spinner().with_style(spinner(printer));
            printer.bars().add(bar)
        });
        let waiting = Mutex::new(Some(Waiting::new(format!("Asking {provider}"))));
        let verifying = AtomicBool::new(false);
        Self { lines: printer.is_verbose(), printer: printer.clone(), provider, bar, verifying, waiting }
    }

    /// Says what is waited for while it is waited for. Never ends.
    pub(crate) async fn tell_of_silence(&self) -> ! {
        let mut every = tokio::time::interval(Duration::from_secs(1));
        loop {
            every.tick().await;
            let due = self.with_waiting(|waiting| waiting.as_mut()?.due(Instant::now()));
            let Some(said) = due else { continue };
            match &self.bar {
                Some(bar) => bar.set_message(wrapped(&harmless(&said), 2, 2, Some(self.width().saturating_sub(1)))),
                None => self.printer.say(&said),
            }
        }
    }

    fn with_waiting<T>(&self, change: impl FnOnce(&mut Option<Waiting>) -> T) -> T {
        // Whoever panicked while holding it left something whole behind.
        change(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn wait_for(&self, what: String) {
        self.with_waiting(|waiting| *waiting = Some(Waiting::new(what)));
    }

    /// Takes the moving line away.
    pub(crate) fn clear(&self) {
        self.with_waiting(|waiting| *waiting = None);
        if let Some(bar) = &self.bar {
            bar.disable_steady_tick();
            bar.finish_and_clear();
        }
    }

    /// Something that takes a while, of unknown length.
    fn phase(&self, message: String) {
        self.wait_for(message.clone());
        if self.lines {
            self.printer.say(&message);
        }
        if let Some(bar) = &self.bar {
            // The message first: each of these draws.
            bar.set_message(self.fitting(&message, BESIDE_SPINNER));
            bar.set_style(spinner(&self.printer));
            bar.reset();
            bar.enable_steady_tick(Duration::from_millis(100));
        }
    }

    /// What fits in one line beside what else is in it. A full line would break when the terminal echoes a Ctrl-C.
    fn fitting(&self, message: &str, beside: usize) -> String {
        shortened(&harmless(message), self.width().saturating_sub(beside))
    }

    fn width(&self) -> usize {
        self.printer.width_of_errors().unwrap_or(80)
    }

    fn again(&self, what: &str, error: &Error, wait: Duration) {
        let again = format!("again in {}", seconds(wait));
        // No answer yet: it is still the same that is waited for.
        self.with_waiting(|waiting| waiting.iter_mut().for_each(|waiting| waiting.last = Some(reason(error))));
        if self.lines {
            self.printer.say(&format!("{what}: {again}: {}", reason(error)));
        }
        if let Some(bar) = &self.bar {
            bar.set_message(waiting(&harmless(what), &again, &harmless(&reason(error)), self.width()));
        }
    }

    fn ended(&self, line: impl FnOnce() -> String) {
        self.wait_for(format!("Changing what {} has", self.provider));
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
                self.wait_for(format!("Changing what {} has", self.provider));
                if let Some(bar) = &self.bar {
                    bar.set_message("");
                    bar.set_length(total as u64);
                    bar.reset();
                    bar.set_style(counter(&self.printer, bar_of(self.width())));
                    bar.enable_steady_tick(Duration::from_millis(100));
                }
            }
            Event::Started(change) => {
                if let Some(bar) = &self.bar {
                    bar.set_message(self.fitting(&change.id.to_string(), beside_count(self.width())));
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
                    bar.set_message(self.fitting(&message, BESIDE_SPINNER));
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
    let what = shortened(what, width.saturating_sub(beside_count(width) + again.len() + 3));
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

fn counter(printer: &Printer, bar: usize) -> ProgressStyle {
    if bar == 0 {
        return style(printer, "{spinner:.cyan} {pos}/{len} {msg}", "{spinner} {pos}/{len} {msg}");
    }
    let coloured = format!("{{spinner:.cyan}} [{{bar:{bar}.cyan/dim}}] {{pos}}/{{len}} {{msg}}");
    style(printer, &coloured, &format!("{{spinner}} [{{bar:{bar}}}] {{pos}}/{{len}} {{msg}}"))
}

fn style(printer: &Printer, coloured: &str, plain: &str) -> ProgressStyle {
    let template = if printer.is_coloured() { coloured } else { plain };
    // Every template is right; the fallback only keeps this from being able to fail.
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

    /// A line that says nothing is no progress: what is being looked at fits in a narrow terminal, and of names so much that they
    /// can be told apart.
    #[test]
    fn narrow_lines_say_what_is_being_done() {
        let phase = "Working out what aws should have";
        for width in [40, 60, 80] {
            assert_eq!(shortened(phase, width - BESIDE_SPINNER), phase, "{width}");
            let name = "iam-role cloudgrant_acme-ml_forecasting_production";
            let seen = shortened(name, width - beside_count(width));
            assert!(seen.len() >= 20 && seen.ends_with("uction"), "{width}: {seen}");
        }
    }

    #[test]
    fn silence_is_told_of_at_growing_intervals() {
        let mut waiting = Waiting::new("Looking".to_owned());
        let mut told = Vec::new();
        for second in 0..100 {
            told.extend(waiting.due(waiting.since + Duration::from_secs(second)).map(|said| (second, said)));
            if second == 30 {
                waiting.last = Some("no connection".to_owned());
            }
        }
        let seconds: Vec<_> = told.iter().map(|(second, _)| *second).collect();
        assert_eq!(seconds, [10, 20, 40, 80]);
        assert_eq!(told[0].1, "Looking: still waiting after 10 s");
        assert_eq!(told[3].1, "Looking: still waiting after 80 s; the last try: no connection");
    }

    #[test]
    fn the_middle_is_left_out() {
        assert_eq!(shortened("abcdefghij", 10), "abcdefghij");
        assert_eq!(shortened("abcdefghij", 8), "abc...ij");
        assert_eq!(shortened("äbcdefghij", 3), "...");
        assert_eq!(shortened("abcdefghij", 0), "...");
    }
}
