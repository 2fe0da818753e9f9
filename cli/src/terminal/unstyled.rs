//! Text without its styles, for those who are no terminal.

use std::io::{self, Write};

use anstream::adapter::StripBytes;

/// Takes the styles out of what passes. What is between them passes as it is: long results have few.
pub(crate) struct Unstyled<W> {
    out: W,
    styles: StripBytes,
}

impl<W: Write> Unstyled<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, styles: StripBytes::new() }
    }
}

impl<W: Write> Write for Unstyled<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let steers = |byte: &u8| byte.is_ascii_control() && *byte != b'\n' && *byte != b'\t';
        while !bytes.is_empty() {
            let plain =
                if self.styles == StripBytes::new() { bytes.iter().position(steers).unwrap_or(bytes.len()) } else { 0 };
            let (plain, rest) = bytes.split_at(plain);
            self.out.write_all(plain)?;
            // A style ends with a letter, as a rule.
            let style = rest.iter().position(u8::is_ascii_alphabetic).map_or(rest.len(), |letter| letter + 1);
            let (style, rest) = rest.split_at(style);
            self.styles.strip_next(style).try_for_each(|printable| self.out.write_all(printable))?;
            bytes = rest;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_what_is_printable_however_it_comes() {
        let text = "\u{1b}[1mbold\u{1b}[0m\nä plain\tline\n\u{1b}]0;title\nstill\u{7}\n\u{7f}\r\nend";
        let expected = anstream::adapter::strip_bytes(text.as_bytes()).into_vec();
        for piece in 1..=text.len() {
            let mut seen = Unstyled::new(Vec::new());
            text.as_bytes().chunks(piece).for_each(|piece| seen.write_all(piece).expect("memory"));
            assert_eq!(String::from_utf8(seen.out).expect("text"), String::from_utf8(expected.clone()).expect("text"));
        }
        assert!(expected.starts_with("bold\nä plain\tline\n".as_bytes()));
    }
}
