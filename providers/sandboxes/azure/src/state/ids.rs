//! How Azure's identifiers look.

/// Whether a text is a GUID in its usual form.
pub(crate) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use cloudgrant_sandbox_kit::ids::{guid_of, request_id};

    use super::*;

    #[test]
    fn guids_are_told_from_other_texts() {
        for guid in ["acdd72a7-3385-48ef-bd42-f606fba81ae7", &guid_of("a principal"), &request_id(1, 255)] {
            assert!(is_guid(guid), "{guid}");
        }
        for text in ["", "acdd72a7338548efbd42f606fba81ae7", "acdd72a7-3385-48ef-bd42-f606fba81aeg", "flyteuser"] {
            assert!(!is_guid(text), "{text}");
        }
    }
}
