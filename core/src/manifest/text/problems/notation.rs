//! Hints in the notation of the file that they are about: they are thought of in YAML.

use crate::manifest::text::format::Format;

/// The hint with what it says to write in the file's own notation.
pub(in crate::manifest) fn translated(text: &str, format: Format) -> String {
    if format == Format::Yaml || !text.contains("write ") {
        return text.to_owned();
    }
    // Every second piece stands between backticks.
    let pieces = text.split('`').enumerate();
    let pieces = pieces.map(|(at, piece)| if at % 2 == 1 { code(piece, format) } else { piece.to_owned() });
    pieces.collect::<Vec<_>>().join("`")
}

/// `key: value`, or `{ key: value, … }`; anything else stays.
fn code(piece: &str, format: Format) -> String {
    if let Some(inner) = piece.strip_prefix("{ ").and_then(|rest| rest.strip_suffix(" }")) {
        return format!("{{ {} }}", inner.split(", ").map(|pair| entry(pair, format)).collect::<Vec<_>>().join(", "));
    }
    entry(piece, format)
}

fn entry(piece: &str, format: Format) -> String {
    let is_key =
        |key: &str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let Some((key, value)) = piece.split_once(": ").filter(|(key, _)| is_key(key)) else { return piece.to_owned() };
    let value = if value.starts_with("{ ") { code(value, format) } else { scalar(value) };
    if format == Format::Toml { format!("{key} = {value}") } else { format!("\"{key}\": {value}") }
}

/// Words need quotes in both.
fn scalar(value: &str) -> String {
    if let Some(list) = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return format!("[{}]", list.split(", ").map(scalar).collect::<Vec<_>>().join(", "));
    }
    let as_it_is = matches!(value, "…" | "..." | "true" | "false") || value.parse::<f64>().is_ok();
    if as_it_is || value.starts_with(['"', '{', '[']) { value.to_owned() } else { format!("\"{value}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_written_is_in_the_file_s_notation() {
        let cases = [
            ("write `version: 1`", "write `version = 1`", "write `\"version\": 1`"),
            (
                "write `kind: union` in `platform`",
                "write `kind = \"union\"` in `platform`",
                "write `\"kind\": \"union\"` in `platform`",
            ),
            (
                "write `data: { aws: s3://x }`",
                "write `data = { aws = \"s3://x\" }`",
                "write `\"data\": { \"aws\": \"s3://x\" }`",
            ),
            ("write `projects: [a, b]`", "write `projects = [\"a\", \"b\"]`", "write `\"projects\": [\"a\", \"b\"]`"),
            ("write `{ domain: D }`", "write `{ domain = \"D\" }`", "write `{ \"domain\": \"D\" }`"),
            (
                "write each with its level, `access: { data: read }`",
                "write each with its level, `access = { data = \"read\" }`",
                "write each with its level, `\"access\": { \"data\": \"read\" }`",
            ),
            ("write `account: …`", "write `account = …`", "write `\"account\": …`"),
            ("write `true`, `a` or s3://x", "write `true`, `a` or s3://x", "write `true`, `a` or s3://x"),
        ];
        for (hint, toml, json) in cases {
            assert_eq!(translated(hint, Format::Yaml), hint);
            assert_eq!(translated(hint, Format::Toml), toml);
            assert_eq!(translated(hint, Format::Json), json);
        }
    }
}
