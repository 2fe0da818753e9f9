//! Identifiers that a cloud makes up.

use sha2::{Digest, Sha256};

/// Makes identifiers from the number of this start and a counter, so that none comes twice from one folder, and the same
/// history gives the same identifiers.
#[derive(Debug)]
pub struct Ids {
    start: u64,
    next: u64,
}

impl Ids {
    /// Identifiers for the `start`th time that the folder is in use.
    pub fn new(start: u64) -> Self {
        Self { start, next: 0 }
    }

    /// Bytes to make one of. `what` says for what, so that those of different things differ.
    pub fn bytes(&mut self, what: &str) -> [u8; 32] {
        self.next += 1;
        digest(&format!("{what}/{}/{}", self.start, self.next))
    }

    /// Sixty-four hexadecimal digits.
    pub fn hex(&mut self, what: &str) -> String {
        hex::encode(self.bytes(what))
    }

    /// A GUID.
    pub fn guid(&mut self, what: &str) -> String {
        guid(&self.bytes(what))
    }
}

/// A GUID that depends on a text alone.
pub fn guid_of(text: &str) -> String {
    guid(&digest(text))
}

/// The id of a request, from its sequence number: a GUID in shape, readable in a log.
pub fn request_id(start: u64, sequence: u64) -> String {
    format!("{start:08x}-0000-4000-8000-{sequence:012x}")
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

fn guid(bytes: &[u8; 32]) -> String {
    let hex = hex::encode(bytes);
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_repeatable() {
        let (mut a, mut b, mut later) = (Ids::new(1), Ids::new(1), Ids::new(2));
        let first = a.guid("principal");
        assert_eq!(first, b.guid("principal"));
        assert_ne!(first, b.guid("principal"));
        assert_ne!(first, later.guid("principal"));
        assert_ne!(a.bytes("principal"), b.bytes("client"));
        assert_eq!(guid_of("a"), guid_of("a"));
        assert_ne!(guid_of("a"), guid_of("b"));
    }

    #[test]
    fn guids_have_five_groups() {
        let shape = |guid: &str| guid.split('-').map(str::len).collect::<Vec<_>>();
        assert_eq!(guid_of(""), "e3b0c442-98fc-4c14-8afb-f4c8996fb924");
        assert_eq!(shape(&Ids::new(1).guid("principal")), [8, 4, 4, 4, 12]);
        assert_eq!(request_id(1, 255), "00000001-0000-4000-8000-0000000000ff");
    }
}
