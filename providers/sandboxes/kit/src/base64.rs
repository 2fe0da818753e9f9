//! Base64 for URLs, as JSON Web Tokens have it.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// As servers read it: with padding or without, and whatever the bits say that are left over.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Base64 for URLs, without padding (RFC 4648, section 5).
pub fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

/// The bytes that a text stands for, with padding or without; nothing where it stands for none.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    ENGINE.decode(text).ok()
}

/// The same of either alphabet, that of URLs and the usual one of HTTP's basic authentication (RFC 4648, section 4).
pub fn decode_either(text: &str) -> Option<Vec<u8>> {
    decode(&text.replace('+', "-").replace('/', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_round_trips() {
        for length in 0..10_u8 {
            let bytes: Vec<u8> = (0..length).map(|n| 200_u8.wrapping_add(n.wrapping_mul(29))).collect();
            assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
        assert_eq!(decode_either("Zmx5dGU6c2VjcmV0"), Some(b"flyte:secret".to_vec()));
        assert_eq!(decode_either("+/8="), decode("-_8"));
        assert_eq!((decode("+/8="), decode_either("no blanks")), (None, None));
    }
}
