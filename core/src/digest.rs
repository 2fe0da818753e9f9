//! Names that fit where a cloud sets them a limit.

use sha2::{Digest, Sha256};

/// The name, or its beginning with a digest of the whole where it is longer than `longest` bytes. Names that differ stay
/// apart, and the same name is always shortened in the same way.
pub fn shortened(name: String, longest: usize) -> String {
    if name.len() <= longest {
        return name;
    }
    let digest = digest(&name);
    let kept = name.floor_char_boundary(longest.saturating_sub(digest.len() + 1));
    format!("{}_{digest}", &name[..kept])
}

/// Eight hexadecimal digits that stand for a text.
pub fn digest(text: &str) -> String {
    digest_of(text, 4)
}

/// Twice so many hexadecimal digits that stand for a text: the first bytes of its SHA-256.
pub fn digest_of(text: &str, bytes: usize) -> String {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    hex::encode(&digest[..bytes.min(digest.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let name = |last: char| format!("{}{last}", "x".repeat(64));
        assert_eq!(shortened(name('a'), 65), name('a'));
        let (a, b) = (shortened(name('a'), 64), shortened(name('b'), 64));
        assert_eq!((a.len(), b.len()), (64, 64));
        assert!(a != b && a.ends_with(&digest(&name('a'))), "{a} {b}");
        assert_eq!(a, shortened(name('a'), 64));
        assert_eq!(shortened("ä".repeat(40), 64).len(), 63, "a letter isn't cut");
    }
}
