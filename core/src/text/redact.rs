//! What others wrote, in messages of ours: bounded, without steering characters, without credentials.
//!
//! A manifest has no place for a credential, and none is read from it. What can stand in one by mistake is known by its
//! form: a URL's query (signatures of Azure's shared access and of AWS's presigned URLs), a user's name with a password
//! in front of a host, what follows `AccountKey=` and its like in a connection string, and whatever is the value of a
//! key that is called a secret, a password or a token. None of these is ever repeated.

/// What follows these words and an equals sign is a credential. In lower case.
const CREDENTIALS: [&str; 9] =
    ["key", "secret", "token", "password", "passwd", "pwd", "sig", "signature", "credential"];

/// The value of a key with one of these words in its name is a credential. In lower case.
const NAMES: [&str; 10] = [
    "secret",
    "password",
    "passwd",
    "token",
    "credential",
    "signature",
    "private_key",
    "access_key",
    "api_key",
    "connection_string",
];

/// The longest text of a message, in characters.
const MESSAGE: usize = 4_000;

/// A locator or something like it, for a message.
pub fn redacted(text: &str) -> String {
    const MOST: usize = 200;
    // Looked at as a whole: what ends behind the part that is shown may begin in it.
    let text = without_user(text);
    let cut = credential(&text);
    let mut seen: String = text[..cut].chars().take(MOST).map(harmless).collect();
    if cut < text.len() || text.chars().nth(MOST).is_some() {
        seen.push('…');
    }
    seen
}

/// Whether the value of a key of this name may be a credential.
pub(crate) fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase().replace('-', "_");
    let bare = key.replace('_', "");
    NAMES.iter().any(|name| key.contains(name) || bare.contains(&name.replace('_', ""))) || key == "sas"
}

/// A message of bounded length, without characters that would steer a terminal.
pub(crate) fn bounded(text: String) -> String {
    let end = text.char_indices().nth(MESSAGE).map(|(end, _)| end);
    if end.is_none() && text.chars().all(|c| c == harmless(c)) {
        return text;
    }
    let text = if end.is_some() { ends_kept(&text, MESSAGE) } else { text };
    text.chars().map(harmless).collect()
}

/// A sentence of a cloud, of at most so many characters: what is cut is in its middle. Clouds begin with what was asked, and
/// end with why it was refused.
pub fn ends_kept(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let kept = most.saturating_sub(3);
    let end = kept / 2;
    let first: String = text.chars().take(kept - end).collect();
    let last: String = text.chars().skip(length - end).collect();
    format!("{first} … {last}")
}

/// Whether a character would steer a terminal, turn the direction of writing, so that a line reads as another one, or have no
/// width, so that a text reads as another one.
pub fn steers(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_nothing = matches!(
        c,
        '\u{ad}' | '\u{200b}' | '\u{200c}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
    );
    turns || is_nothing || (c.is_control() && c != '\n' && c != '\t')
}

fn harmless(c: char) -> char {
    if steers(c) { '\u{fffd}' } else { c }
}

/// Whether a character has no form of its own: it has no width, or only steers how others are shown. Two names that differ
/// in such alone look the same to whoever reviews them. Source: the Unicode Standard, chapter 23, layout controls and format
/// characters.
pub fn is_invisible(c: char) -> bool {
    let formats = matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    formats || c.is_control() || steers(c)
}

/// A text as one word of a POSIX shell, whatever is in it. What needs no quotes has none. Source: POSIX, "Shell Command
/// Language", quoting.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,:=@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A URL without the user in it, but for `container@` as Azure's file systems have it, which is no user.
fn without_user(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // A password with a slash in it ends later than it should.
    let within = if authority.contains('@') { authority } else { rest.split(['?', '#']).next().unwrap_or_default() };
    let Some((user, _)) = within.rsplit_once('@') else { return text.to_owned() };
    let shown = match user.split_once(':') {
        Some((_, _password)) => "…",
        None if scheme.starts_with("http") => "…",
        None => user,
    };
    format!("{scheme}://{shown}{}", &rest[user.len()..])
}

/// Where in a text a credential may begin.
fn credential(text: &str) -> usize {
    let lower = text.to_ascii_lowercase();
    // In an ARN, a question mark stands for any character.
    let marks: &[&str] = if lower.starts_with("arn:") { &[] } else { &["?", "#", "%3f", "%23"] };
    let marks = marks.iter().filter_map(|mark| Some(lower.find(mark)? + mark.len()));
    let named = CREDENTIALS.iter().flat_map(|word| {
        let equals = ["=", "%3d"].into_iter().map(move |equals| format!("{word}{equals}"));
        equals.filter_map(|mark| Some(lower.find(&mark)? + mark.len()))
    });
    marks.chain(named).min().unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// As others' reading of a shell's words has it.
        #[test]
        fn whatever_is_quoted_is_one_word(text in "\\PC*") {
            proptest::prop_assert_eq!(shlex::split(&quoted(&text)), Some(vec![text]));
        }
    }

    #[test]
    fn what_needs_no_quotes_has_none_and_nothing_is_a_word_too() {
        for (text, expected) in
            [("a/b:c=d@e,f", "a/b:c=d@e,f"), ("", "''"), ("50%+", "50%+"), ("it's", r"'it'\''s'"), ("~/x", "'~/x'")]
        {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn what_has_no_width_is_seen() {
        for c in ['\u{200b}', '\u{2060}', '\u{feff}', '\u{ad}', '\u{202e}'] {
            assert_eq!(bounded(format!("https://a{c}b/")), "https://a\u{fffd}b/", "{c:?}");
        }
        assert_eq!(bounded("Ünïcödé ⚠".to_owned()), "Ünïcödé ⚠");
    }

    #[test]
    fn long_sentences_keep_their_end() {
        let long = format!("User: x is not authorized {} with an explicit deny", "y".repeat(10_000));
        for cut in [ends_kept(&long, 100), bounded(long.clone())] {
            assert!(cut.starts_with("User: x is not") && cut.ends_with("with an explicit deny"), "{cut}");
        }
        assert_eq!(ends_kept(&long, 100).chars().count(), 100);
        assert_eq!(bounded(long).chars().count(), MESSAGE);
        assert_eq!((ends_kept("short", 100), ends_kept("", 0)), ("short".to_owned(), String::new()));
    }

    #[test]
    fn credentials_are_left_out_whatever_their_form() {
        for (text, expected) in [
            ("s3://acme-training/inputs/", "s3://acme-training/inputs/"),
            ("abfss://inputs@acme.dfs.core.windows.net/raw", "abfss://inputs@acme.dfs.core.windows.net/raw"),
            ("https://acme.blob.core.windows.net/in?sv=1&sig=hidden", "https://acme.blob.core.windows.net/in?…"),
            ("https://acme.blob.core.windows.net/in%3Fsig%3Dhidden", "https://acme.blob.core.windows.net/in%3F…"),
            ("https://ann:hidden@acme.azurecr.io/x", "https://…@acme.azurecr.io/x"),
            ("https://ann:hid/den@acme.azurecr.io/x", "https://…@acme.azurecr.io/x"),
            ("https://hidden@acme.azurecr.io/x", "https://…@acme.azurecr.io/x"),
            ("abfss://inputs:hidden@acme.dfs.core.windows.net/", "abfss://…@acme.dfs.core.windows.net/"),
            ("AccountName=acme;AccountKey=hidden==", "AccountName=acme;AccountKey=…"),
            ("sv=1&SIG=hidden", "sv=1&SIG=…"),
            ("arn:aws:s3:::acme/input?/*", "arn:aws:s3:::acme/input?/*"),
            ("arn:aws:s3:::acme/?sig=hidden", "arn:aws:s3:::acme/?sig=…"),
            ("x\u{1b}[2Jy", "x\u{fffd}[2Jy"),
        ] {
            assert_eq!(redacted(text), expected);
        }
        assert_eq!(redacted(&"x".repeat(10_000)).chars().count(), 201);
    }

    #[test]
    fn a_credential_that_begins_in_what_is_shown_and_ends_behind_it_is_left_out() {
        for length in 150..260 {
            let text = format!("https://{}:{}@acme.azurecr.io", "u".repeat(length), "hidden".repeat(40));
            assert!(!redacted(&text).contains("hidden"), "{}", redacted(&text));
        }
    }

    #[test]
    fn keys_that_hold_credentials() {
        for key in ["client_secret", "clientSecret", "sas_token", "AccountKey_access-key", "PASSWORD", "sas"] {
            assert!(is_secret(key), "{key}");
        }
        for key in ["region", "cluster", "sandbox", "organization", "keys"] {
            assert!(!is_secret(key), "{key}");
        }
    }
}
