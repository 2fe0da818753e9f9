//! The one place that writes to the terminal.

use std::fmt;
use std::io::{self, BufWriter, ErrorKind as IoErrorKind, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use cloudgrant_core::{Error, ErrorKind, Refusal, Result};
use indicatif::MultiProgress;
use serde::Serialize;
use serde_json::Serializer;

use crate::args::{Global, Output};
use crate::render;
use crate::render::pasted::Here;
use crate::terminal::build_log::{BuildLog, is_read_for_commands};
use crate::terminal::harmless::{Escaped, Harmless};
use crate::terminal::unstyled::Unstyled;

/// Writes results to standard output, and everything else to standard error. Clones write to the same place.
#[derive(Clone)]
pub(crate) struct Printer {
    output: Output,
    colour: ColorChoice,
    quiet: bool,
    verbose: bool,
    bars: MultiProgress,
    here: Here,
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printer").field("output", &self.output).field("colour", &self.colour).finish_non_exhaustive()
    }
}

impl Printer {
    /// `stack` is another one than the manifest's that the command is about.
    pub(crate) fn new(global: &Global, stack: Option<&str>) -> Self {
        let (quiet, verbose, here) = (global.quiet, global.verbose > 0, Here::of(global, stack));
        Self { colour: global.colour(), quiet, verbose, here, ..Self::bare(global.output) }
    }

    /// For what goes wrong before the options are known.
    pub(crate) fn bare(output: Output) -> Self {
        let bars = MultiProgress::with_draw_target(crate::terminal::bars::target());
        Self { output, colour: ColorChoice::Auto, quiet: false, verbose: false, bars, here: Here::default() }
    }

    /// How commands have to be written here.
    pub(crate) fn here(&self) -> &Here {
        &self.here
    }

    pub(crate) fn is_json(&self) -> bool {
        self.output == Output::Json
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    pub(crate) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// The bars that stand at the bottom of the terminal while other lines pass.
    pub(crate) fn bars(&self) -> &MultiProgress {
        &self.bars
    }

    /// Writes a result.
    ///
    /// # Errors
    /// It can't be written. A reader that went away, as `head` does, is no error.
    pub(crate) fn data(&self, text: &str) -> Result<()> {
        self.stream(|out| out.write_all(text.as_bytes()))
    }

    /// Writes a result that may be long, piece by piece.
    ///
    /// # Errors
    /// As [`data`](Self::data).
    pub(crate) fn stream(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        let stdout = io::stdout();
        match self.choice(&stdout) {
            ColorChoice::Never => self.buffered(stdout.lock(), |out| write(&mut Unstyled::new(out))),
            choice => self.buffered(AutoStream::new(stdout.lock(), choice), write),
        }
    }

    fn buffered<W: Write>(&self, out: W, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        let written = self.bars.suspend(|| {
            let out = BuildLog::new(BufWriter::with_capacity(1 << 16, out), is_read_for_commands());
            let mut out = Harmless::new(out);
            write(&mut out).and_then(|()| out.flush())
        });
        match written {
            Err(error) if error.kind() != IoErrorKind::BrokenPipe => {
                Err(Error::new(ErrorKind::Unexpected, "can't write the result to standard output").with("cause", error))
            }
            _ => Ok(()),
        }
    }

    /// Writes a result as a JSON document.
    ///
    /// # Errors
    /// As [`data`](Self::data).
    pub(crate) fn json(&self, document: &impl Serialize) -> Result<()> {
        // It has no styles.
        self.buffered(io::stdout().lock(), |out| {
            document.serialize(&mut Serializer::with_formatter(&mut *out, Escaped::default()))?;
            out.write_all(b"\n")
        })
    }

    /// Tells something, unless the user wants only results, with its commands as they have to be written here. What doesn't fit into a
    /// line goes on in the next one.
    pub(crate) fn say(&self, text: &str) {
        self.say_whole(&render::wrapped(&self.here.text(text), 0, 2, self.width_of_errors()));
    }

    /// The same of what has a command in it: that is to be copied, and is never broken.
    pub(crate) fn say_whole(&self, text: &str) {
        if !self.quiet {
            self.write_error(&format!("{text}\n"));
        }
    }

    /// Tells something that the user has to know.
    pub(crate) fn warn(&self, text: &str) {
        self.write_error(&format!("{text}\n"));
    }

    /// Asks, and leaves the cursor behind the question.
    pub(crate) fn ask(&self, question: &str) {
        self.write_error(question);
    }

    /// Tells why nothing came of it: on standard error where the document can't be written, on a full disk perhaps.
    pub(crate) fn failure(&self, error: &Error) {
        if self.is_json() {
            if let Err(unwritten) = self.json(&render::error::document(error, &self.here)) {
                self.failure_text(error);
                // It may be what is told.
                if unwritten.message() != error.message() {
                    self.failure_text(&unwritten);
                }
            }
        } else {
            self.failure_text(error);
        }
    }

    /// Tells people why an apply would be refused, beside the plan.
    pub(crate) fn refusal(&self, refusal: &Refusal) {
        if refusal.is_of_caller() {
            self.write_error(&render::error::warning(refusal.error(), &self.here, self.width_of_errors()));
        } else {
            self.failure_text(refusal.error());
        }
    }

    fn failure_text(&self, error: &Error) {
        self.write_error(&render::error::text(error, &self.here, self.width_of_errors()));
    }

    /// Tells, as JSON, what is wrong with the command line.
    pub(crate) fn misuse(&self, message: &str) {
        if let Err(unwritten) = self.json(&render::error::misuse(message)) {
            self.write_error(message);
            self.failure_text(&unwritten);
        }
    }

    fn write_error(&self, text: &str) {
        self.bars.suspend(|| {
            let stderr = io::stderr();
            let stream = AutoStream::new(stderr.lock(), self.choice(&stderr));
            let mut stream = Harmless::new(BuildLog::new(stream, is_read_for_commands()));
            // Nobody is left to be told that telling failed.
            let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
        });
    }

    fn choice<S: anstream::stream::RawStream>(&self, stream: &S) -> ColorChoice {
        match self.colour {
            ColorChoice::Auto => AutoStream::choice(stream),
            fixed => fixed,
        }
    }

    /// Whether what goes to standard error is seen by a person, right now.
    pub(crate) fn has_audience(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Whether a line can move there: a dumb terminal only goes on.
    pub(crate) fn moves_lines(&self) -> bool {
        self.has_audience() && std::env::var_os("TERM").is_none_or(|name| name != "dumb")
    }

    /// Whether results as text are seen by a person, right now.
    pub(crate) fn shows_results(&self) -> bool {
        !self.is_json() && io::stdout().is_terminal()
    }

    /// How wide lines of results may be; no limit where nobody watches, so that they stay as they are in pipes.
    pub(crate) fn width(&self) -> Option<usize> {
        terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
    }

    /// The same for what goes to standard error.
    pub(crate) fn width_of_errors(&self) -> Option<usize> {
        terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| usize::from(width.0))
    }

    /// Whether what goes to standard error may have colours.
    pub(crate) fn is_coloured(&self) -> bool {
        self.choice(&io::stderr()) != ColorChoice::Never
    }

    /// Whether there is somebody to answer a question.
    pub(crate) fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && self.has_audience()
    }
}

/// For logs: standard error, above the bars.
impl Write for Printer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_error(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
