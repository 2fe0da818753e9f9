//! Where moving lines are drawn: standard error, as indicatif draws there, without the spaces with which it fills the last
//! line. The terminal echoes a Ctrl-C behind them, in the next line, and what is then taken away is that line alone.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressDrawTarget, TermLike};

/// How often a second it is drawn at most: as often as indicatif does.
const A_SECOND: u8 = 20;

/// Standard error where it is a terminal; nowhere otherwise.
pub(crate) fn target() -> ProgressDrawTarget {
    let is_seen = io::IsTerminal::is_terminal(&io::stderr());
    // Elsewhere, a terminal may have to be told to understand what moves the cursor.
    match is_seen && cfg!(unix) {
        true => ProgressDrawTarget::term_like_with_hz(Box::new(Unfilled::default()), A_SECOND),
        false => ProgressDrawTarget::stderr(),
    }
}

/// What is to be drawn next.
#[derive(Debug, Default)]
struct Unfilled(Mutex<String>);

impl Unfilled {
    fn push(&self, text: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
    }

    /// Moves the cursor, by an escape sequence of ECMA-48, 8.3.
    fn moved(&self, by: usize, to: char) {
        if by > 0 {
            self.push(&format!("\x1b[{by}{to}"));
        }
    }

    /// What is drawn: without the spaces at its end.
    fn taken(&self) -> String {
        let mut text = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        text.truncate(text.trim_end_matches(' ').len());
        text
    }
}

impl TermLike for Unfilled {
    fn width(&self) -> u16 {
        terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| width.0)
    }

    fn height(&self) -> u16 {
        terminal_size::terminal_size_of(io::stderr()).map_or(24, |(_, height)| height.0)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.moved(n, 'A');
        Ok(())
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.moved(n, 'B');
        Ok(())
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.moved(n, 'C');
        Ok(())
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.moved(n, 'D');
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.push(text);
        self.push("\n");
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.push(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.push("\r\x1b[2K");
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let text = self.taken();
        let mut stderr = io::stderr().lock();
        stderr.write_all(text.as_bytes())?;
        stderr.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first of two lines is filled, as that is what begins the second.
    #[test]
    fn the_last_line_is_not_filled() {
        let line = Unfilled::default();
        for text in ["\r", "one  ", "two", "   "] {
            line.write_str(text).expect("memory");
        }
        assert_eq!(line.taken(), "\rone  two");
        assert_eq!(line.taken(), "");
    }
}
