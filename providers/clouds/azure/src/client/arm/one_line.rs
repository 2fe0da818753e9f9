//! Texts of others as one line.

/// What somebody else wrote and people read, without what ends a line or steers a terminal: nothing of it may pass for something else
/// that is said.
pub(super) fn one_line(text: String) -> String {
    let is_plain = |c: char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    match text.chars().all(is_plain) {
        true => text,
        false => text.chars().map(|c| if is_plain(c) { c } else { char::REPLACEMENT_CHARACTER }).collect(),
    }
}
