//! Identifiers that AWS makes up: unique ids, session keys, secret suffixes.

use cloudgrant_sandbox_kit::ids;

const UPPER_CASE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const LOWER_CASE: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Makes identifiers.
#[derive(Debug)]
pub(crate) struct Ids(ids::Ids);

impl Ids {
    /// Identifiers for the `start`th time that the folder is in use.
    pub(crate) fn new(start: u64) -> Self {
        Self(ids::Ids::new(start))
    }

    /// A unique id: a four-letter prefix (`AROA` role, `ANPA` policy) and 17 characters.
    /// Source: IAM user guide, "Unique identifiers".
    pub(crate) fn unique(&mut self, prefix: &str) -> String {
        self.characters(prefix, prefix, 17, UPPER_CASE)
    }

    /// An access key of a session: `ASIA` and 16 characters.
    pub(crate) fn session_key(&mut self) -> String {
        self.characters("key", "ASIA", 16, UPPER_CASE)
    }

    /// Forty and more characters for secret keys and session tokens. They guard nothing.
    pub(crate) fn opaque(&mut self, what: &str) -> String {
        self.0.hex(what)
    }

    /// The six characters at the end of a secret's ARN.
    pub(crate) fn secret_suffix(&mut self) -> String {
        self.characters("secret", "", 6, ALPHANUMERIC)
    }

    /// The id of a pod identity association: `a-` and 17 characters.
    pub(crate) fn association(&mut self) -> String {
        self.characters("association", "a-", 17, LOWER_CASE)
    }

    /// A UUID, for the versions of secrets.
    pub(crate) fn uuid(&mut self) -> String {
        self.0.guid("uuid")
    }

    fn characters(&mut self, what: &str, prefix: &str, count: usize, alphabet: &[u8]) -> String {
        let bytes = self.0.bytes(what);
        let mut id = prefix.to_owned();
        id.extend(bytes.iter().take(count).map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()])));
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_as_long_as_aws_makes_them() {
        let mut ids = Ids::new(1);
        let role = ids.unique("AROA");
        assert_eq!((role.len(), &role[..4]), (21, "AROA"));
        assert_ne!(role, ids.unique("AROA"));
        assert_eq!((ids.session_key().len(), ids.secret_suffix().len(), ids.uuid().len()), (20, 6, 36));
        assert!(ids.opaque("secret key").len() >= 40);
    }
}
