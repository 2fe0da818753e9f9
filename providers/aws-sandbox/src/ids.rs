//! Identifiers that AWS makes up: unique ids, session keys, request ids, secret suffixes.

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

    fn hash(&mut self, what: &str) -> [u8; 32] {
        self.next += 1;
        Sha256::digest(format!("{what}/{}/{}", self.start, self.next)).into()
    }

    /// A unique id: a four-letter prefix (`AROA` role, `ANPA` policy) and 17 characters.
    /// Source: IAM user guide, "Unique identifiers".
    pub(crate) fn unique(&mut self, prefix: &str) -> String {
        self.characters(prefix, prefix, 17, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    }

    /// An access key of a session: `ASIA` and 16 characters.
    pub(crate) fn session_key(&mut self) -> String {
        self.characters("key", "ASIA", 16, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    }

    /// Forty and more characters for secret keys and session tokens. They guard nothing.
    pub(crate) fn opaque(&mut self, what: &str) -> String {
        hex(&self.hash(what))
    }

    /// The six characters at the end of a secret's ARN.
    pub(crate) fn secret_suffix(&mut self) -> String {
        self.characters("secret", "", 6, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    }

    /// A UUID, for the versions of secrets.
    pub(crate) fn uuid(&mut self) -> String {
        uuid(&self.hash("uuid"))
    }

    fn characters(&mut self, what: &str, prefix: &str, count: usize, alphabet: &[u8]) -> String {
        let hash = self.hash(what);
        let mut id = prefix.to_owned();
        id.extend(hash.iter().take(count).map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()])));
        id
    }
}

/// The id of a request, from its sequence number: a UUID in shape, readable in a log.
pub(crate) fn request_id(start: u64, sequence: u64) -> String {
    format!("{start:08x}-0000-4000-8000-{sequence:012x}")
}

fn uuid(bytes: &[u8; 32]) -> String {
    let hex = hex(bytes);
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

pub(crate) fn hex(bytes: &[u8]) -> String {
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
        let first = a.unique("AROA");
        assert_eq!(first, b.unique("AROA"));
        assert_ne!(first, a.unique("AROA"));
        assert_ne!(first, later.unique("AROA"));
        assert_eq!((first.len(), &first[..4]), (21, "AROA"));
        assert_eq!(a.uuid().len(), 36);
        assert_eq!(a.secret_suffix().len(), 6);
        assert_eq!(request_id(1, 255), "00000001-0000-4000-8000-0000000000ff");
    }
}
