//! What is written to a terminal, without what would steer it. Names come from files, clouds and the network, and one of them with
//! an escape sequence could hide what a plan says, or set a window's title.
//!
//! Source of the sequences: ECMA-48, 8.3.117, Select Graphic Rendition.

use std::io::{self, Write};

use cloudgrant_core::steers;
use serde_json::ser::{Formatter, PrettyFormatter};

/// What such a character becomes.
const REPLACEMENT: &str = "\u{fffd}";

/// The styles that pass: those of this program and of its logs. None of them hides what it is set for.
const STYLES: [&str; 11] = ["", "0", "1", "2", "3", "31", "32", "33", "34", "35", "36"];

/// The most bytes of a style.
const LONGEST_STYLE: usize = 5;

/// Passes text and styles on, and replaces what else would steer a terminal. What comes in pieces is put together first.
pub(crate) struct Harmless<W: Write> {
    out: W,
    begun: Vec<u8>,
}

impl<W: Write> Harmless<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, begun: Vec::new() }
    }

    fn pass(&mut self, bytes: &[u8], is_end: bool) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (plain, odd) = rest.split_at(rest.iter().position(|byte| !is_plain(*byte)).unwrap_or(rest.len()));
            self.out.write_all(plain)?;
            if odd.is_empty() {
                break;
            }
            rest = match piece(odd) {
                Piece::Whole(length) => {
                    let (whole, rest) = odd.split_at(length);
                    self.out.write_all(whole)?;
                    rest
                }
                Piece::Steers(length) => {
                    self.out.write_all(REPLACEMENT.as_bytes())?;
                    &odd[length..]
                }
                Piece::Begun if is_end => {
                    self.out.write_all(REPLACEMENT.as_bytes())?;
                    &odd[1..]
                }
                Piece::Begun => {
                    self.begun = odd.to_vec();
                    break;
                }
            };
        }
        Ok(())
    }
}

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.begun.is_empty() {
            self.pass(bytes, false)?;
        } else {
            let mut all = std::mem::take(&mut self.begun);
            all.extend_from_slice(bytes);
            self.pass(&all, false)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let begun = std::mem::take(&mut self.begun);
        self.pass(&begun, true)?;
        self.out.flush()
    }
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\t')
}

/// What odd bytes begin with, and how long that is.
enum Piece {
    /// A character or a style.
    Whole(usize),
    /// What must not pass.
    Steers(usize),
    /// As many bytes as there are say nothing yet.
    Begun,
}

fn piece(odd: &[u8]) -> Piece {
    const ESCAPE: u8 = 0x1b;
    if odd[0] == ESCAPE {
        return style(odd);
    }
    let text = match std::str::from_utf8(&odd[..odd.len().min(4)]) {
        Ok(text) => text,
        Err(error) => match (error.valid_up_to(), error.error_len()) {
            (0, None) => return Piece::Begun,
            (0, Some(length)) => return Piece::Steers(length),
            (valid, _) => std::str::from_utf8(&odd[..valid]).unwrap_or_default(),
        },
    };
    match text.chars().next() {
        Some(c) if steers(c) => Piece::Steers(c.len_utf8()),
        Some(c) => Piece::Whole(c.len_utf8()),
        None => Piece::Steers(1),
    }
}

fn style(odd: &[u8]) -> Piece {
    let odd = &odd[..odd.len().min(LONGEST_STYLE)];
    match odd.iter().position(|byte| *byte == b'm') {
        Some(end) if STYLES.iter().any(|style| odd[1..end].strip_prefix(b"[") == Some(style.as_bytes())) => {
            Piece::Whole(end + 1)
        }
        None if STYLES.iter().any(|style| format!("[{style}m").as_bytes().starts_with(&odd[1..])) => Piece::Begun,
        _ => Piece::Steers(1),
    }
}

/// A text for a line that a progress bar draws.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// JSON in which such characters are escaped: it says the same. Below U+0020 they are anyway.
#[derive(Debug, Default)]
pub(crate) struct Escaped(PrettyFormatter<'static>);

impl Formatter for Escaped {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.bytes().all(is_plain) {
            return out.write_all(fragment.as_bytes());
        }
        for c in fragment.chars() {
            if steers(c) {
                let mut units = [0; 2];
                c.encode_utf16(&mut units).iter().try_for_each(|unit| write!(out, "\\u{unit:04x}"))?;
            } else {
                write!(out, "{c}")?;
            }
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::{Serializer, Value, json};

    use super::*;

    fn passed(text: &[u8], piece: usize) -> String {
        let mut harmless = Harmless::new(Vec::new());
        text.chunks(piece).for_each(|piece| harmless.write_all(piece).expect("memory"));
        harmless.flush().expect("memory");
        String::from_utf8(harmless.out).expect("UTF-8")
    }

    #[test]
    fn text_and_styles_pass_and_nothing_else_however_they_come() {
        for (text, seen) in [
            ("plain\tä ⚠ 機\n", "plain\tä ⚠ 機\n"),
            ("\x1b[1m\x1b[32m+\x1b[0m \x1b[2mdim\x1b[m", "\x1b[1m\x1b[32m+\x1b[0m \x1b[2mdim\x1b[m"),
            ("\x1b[8mhidden", "\u{fffd}[8mhidden"),
            ("\x1b[2J", "\u{fffd}[2J"),
            ("\x1b[1;31m", "\u{fffd}[1;31m"),
            ("\x1b]0;title\x07", "\u{fffd}]0;title\u{fffd}"),
            ("a\rb\x7f\u{9b}2J", "a\u{fffd}b\u{fffd}\u{fffd}2J"),
            ("\u{202e}evil\u{200b}", "\u{fffd}evil\u{fffd}"),
            ("\x1b\x1b[0m\x1b[3", "\u{fffd}\x1b[0m\u{fffd}[3"),
        ] {
            for piece in 1..=text.len() {
                assert_eq!(passed(text.as_bytes(), piece), seen, "{text:?} by {piece}");
            }
        }
        for piece in 1..=4 {
            assert_eq!(passed(b"a\xffb\xe2\x82", piece).replace('\u{fffd}', ""), "ab");
        }
    }

    #[test]
    fn json_says_the_same() {
        let document = json!({ "a\u{9b}": ["x\u{202e}y\u{7f}", "ä \"q\" \\ \n"], "b": {}, "c": [1, { "d": null }] });
        let mut out = Vec::new();
        let mut serializer = Serializer::with_formatter(&mut out, Escaped::default());
        document.serialize(&mut serializer).expect("memory");
        let text = String::from_utf8(out).expect("UTF-8");
        assert!(!text.contains(steers) && text.contains("x\\u202ey\\u007f") && text.contains("ä "), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), document);
        let plain = json!({ "a": ["x", {}], "b": [] });
        let mut out = Vec::new();
        plain.serialize(&mut Serializer::with_formatter(&mut out, Escaped::default())).expect("memory");
        assert_eq!(String::from_utf8(out).expect("UTF-8"), serde_json::to_string_pretty(&plain).expect("JSON"));
    }
}
