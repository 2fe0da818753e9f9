//! A question that is answered with yes or no.

use cloudgrant_core::{Error, ErrorKind, Result};

use crate::terminal::interrupt::Interrupts;
use crate::terminal::printer::Printer;

/// How often it is asked what was answered with neither yes nor no.
const TRIES: usize = 3;

/// Asks, and says whether the answer is yes. No answer is a no, and so are several that are neither.
///
/// # Errors
/// The answer can't be read, or somebody interrupted.
pub(crate) async fn is_approved(printer: &Printer, interrupts: &mut Interrupts, question: &str) -> Result<bool> {
    for left in (0..TRIES).rev() {
        let line = answered(printer, interrupts, question).await?;
        match line.trim().to_lowercase().as_str() {
            "y" | "yes" => return Ok(true),
            "n" | "no" | "" => return Ok(false),
            _ if left > 0 => printer.ask("Please answer y or n; without an answer, nothing is changed.\n"),
            _ => {}
        }
    }
    Ok(false)
}

/// The line that was answered; an empty one where the input ends.
async fn answered(printer: &Printer, interrupts: &mut Interrupts, question: &str) -> Result<String> {
    forget_what_was_typed();
    printer.ask(&format!("\n{question} [y/N] "));
    let reading = async {
        let read = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map(|_| line)
        });
        let failed = |error: String| Error::new(ErrorKind::Unexpected, "can't read the answer").with("cause", error);
        read.await.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))
    };
    let line = match interrupts.unless(reading).await {
        Ok(line) => line,
        Err(error) => {
            printer.ask("\n");
            return Err(error);
        }
    };
    if line.is_empty() {
        // End of input: the cursor still stands behind the question.
        printer.ask("\n");
    }
    Ok(line)
}

/// Throws away what was typed before the question: nobody approves what they haven't seen.
#[cfg(unix)]
fn forget_what_was_typed() {
    // Where the terminal is gone, reading the answer says so.
    let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
}

#[cfg(not(unix))]
fn forget_what_was_typed() {}
