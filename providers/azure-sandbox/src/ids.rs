//! Identifiers that Azure makes up: object ids, client ids, request ids.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Makes identifiers from the number of this start and a counter, so that none comes twice from one folder, and the same
/// history gives the same identifiers.
#[derive(Debug)]
pub(crate) struct Ids {
    start: u64,
    next: u64,
}

impl Ids {
    /// Identifiers for the `start`th time that the folder is in use.
    pub(crate) fn new(start: u64) -> Self {
        Self { start, next: 0 }
    }

    /// A GUID; `what` says for what, so that ids of different things differ.
    pub(crate) fn guid(&mut self, what: &str) -> String {
        self.next += 1;
        guid(&Sha256::digest(format!("{what}/{}/{}", self.start, self.next)))
    }
}

/// A GUID that depends on a text alone.
pub(crate) fn fixed(text: &str) -> String {
    guid(&Sha256::digest(text))
}

/// The id of a request, from its sequence number: a GUID in shape, readable in a log.
pub(crate) fn request_id(start: u64, sequence: u64) -> String {
    format!("{start:08x}-0000-4000-8000-{sequence:012x}")
}

/// Whether a text is a GUID in its usual form.
pub(crate) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn guid(bytes: &[u8]) -> String {
    let hex = hex(bytes);
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_repeatable() {
        let (mut a, mut b, mut later) = (Ids::new(1), Ids::new(1), Ids::new(2));
        let first = a.guid("principal");
        assert_eq!(first, b.guid("principal"));
        assert_ne!(first, a.guid("principal"));
        assert_ne!(first, later.guid("principal"));
        assert!(is_guid(&first) && is_guid(&request_id(1, 255)), "{first}");
        assert_eq!(request_id(1, 255), "00000001-0000-4000-8000-0000000000ff");
    }

    #[test]
    fn guids_are_told_from_other_texts() {
        assert!(is_guid("acdd72a7-3385-48ef-bd42-f606fba81ae7"));
        for text in ["", "acdd72a7338548efbd42f606fba81ae7", "acdd72a7-3385-48ef-bd42-f606fba81aeg", "flyteuser"] {
            assert!(!is_guid(text), "{text}");
        }
    }
}
