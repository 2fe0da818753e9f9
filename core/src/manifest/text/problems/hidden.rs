//! What a reviewer of a file wouldn't see: line ends that most tools show as none, and characters that turn the direction of
//! writing, so that a line reads as another one.

use crate::contract::error::diagnostic::Diagnostic;
use crate::manifest::text::tree::{Offsets, place};

/// The first of such, wherever it stands, in comments too: a grant could be behind one.
pub(in crate::manifest) fn first(text: &str, file: &str) -> Option<Diagnostic> {
    let bytes = text.as_bytes();
    if bytes.is_ascii() && !bytes.contains(&b'\r') {
        return None;
    }
    let is_hidden = |(at, c): &(usize, char)| match c {
        '\r' => bytes.get(at + 1) != Some(&b'\n'),
        '\u{85}' | '\u{2028}' | '\u{2029}' => true,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => false,
    };
    let (at, c) = text.char_indices().find(is_hidden)?;
    let what = match c {
        '\r' => {
            "a carriage return stands alone here: YAML begins a new line at it, and most tools show none".to_owned()
        }
        '\u{85}' | '\u{2028}' | '\u{2029}' => {
            format!(
                "the character U+{:04X} stands here: some tools begin a new line at it, and others show none",
                u32::from(c)
            )
        }
        _ => format!(
            "the character U+{:04X} stands here: it turns the direction of writing, so that a line reads as another \
                      one",
            u32::from(c)
        ),
    };
    let mut problem =
        Diagnostic::new("", what).hint("take it out; save the file with line ends as Unix or Windows has them");
    problem.place = place(file, Some(Offsets::of(text).at(at)));
    Some(problem)
}
