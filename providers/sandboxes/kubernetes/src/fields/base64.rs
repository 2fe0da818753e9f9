//! Bytes as Kubernetes writes them in JSON: base64 of the usual alphabet, with padding (RFC 4648, section 4).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// As Go reads it: padding has to be there, and bits that are left over don't matter.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// Writes bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

/// The bytes that a text stands for; nothing where it stands for none.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    ENGINE.decode(without_breaks(text)).ok()
}

/// A text as a server writes it once it has read it.
///
/// # Errors
/// The words of Go's decoder.
pub(super) fn canonical(text: &str) -> Result<String, String> {
    decode(text).map(|bytes| encode(&bytes)).ok_or_else(|| {
        let is_of_alphabet = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'+' | b'/');
        let read = text.bytes().take_while(|letter| is_of_alphabet(*letter)).count();
        // A letter that isn't one is named by its place; where letters are missing, the place at which their group begins.
        let at = if read < text.len() { read } else { read - read % 4 };
        format!("illegal base64 data at input byte {at}")
    })
}

fn without_breaks(text: &str) -> String {
    text.chars().filter(|letter| !matches!(letter, '\r' | '\n')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_and_written() {
        assert_eq!(canonical("YQ==\n").as_deref(), Ok("YQ=="));
        assert_eq!(canonical("YR==").as_deref(), Ok("YQ=="), "bits that are left over don't matter");
        assert_eq!(decode("/+8="), Some(vec![0xff, 0xef]));
        for (text, at) in [("YQ", 0), ("YWJjZA", 4), ("Y-Q=", 1), ("no blanks", 2)] {
            assert_eq!(canonical(text), Err(format!("illegal base64 data at input byte {at}")), "{text}");
        }
    }
}
