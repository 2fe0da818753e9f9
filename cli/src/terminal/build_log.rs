//! Output that is safe in the log of a build service.
//!
//! The runners of GitHub Actions and Azure Pipelines read their jobs' output for commands: lines that begin with `::`, and
//! `##[` or `##vso[` anywhere in a line. With these, a name in a stranger's manifest could fold a plan away, mask what it
//! says, or set variables of later steps. Sources: GitHub documentation, "Workflow commands for GitHub Actions"; Azure
//! Pipelines documentation, "Logging commands".

use std::io::{self, Write};

/// Whether this program's output goes to such a log.
pub(crate) fn is_read_for_commands() -> bool {
    ["GITHUB_ACTIONS", "TF_BUILD"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Breaks commands up, line by line; without one of these services, everything passes as it is.
pub(crate) struct BuildLog<W: Write> {
    out: W,
    is_on: bool,
    line: Vec<u8>,
}

impl<W: Write> BuildLog<W> {
    pub(crate) fn new(out: W, is_on: bool) -> Self {
        Self { out, is_on, line: Vec::new() }
    }

    fn end_line(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        self.out.write_all(&harmless(&line))
    }
}

/// In JSON, a `#` and `\u0023` are the same.
fn harmless(line: &[u8]) -> Vec<u8> {
    let is_json_text = line.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'"');
    let mut out = Vec::with_capacity(line.len());
    let begin = line.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(line.len());
    for (at, byte) in line.iter().enumerate() {
        let rest = &line[at..];
        let opens = rest.strip_prefix(b"#").is_some_and(|rest| {
            let name = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            rest.get(name) == Some(&b'[')
        });
        if opens && at > 0 && line[at - 1] == b'#' {
            out.extend_from_slice(if is_json_text { b"\\u0023" } else { b" #" });
            continue;
        }
        out.push(*byte);
        if at == begin && rest.starts_with(b"::") {
            out.push(b' ');
        }
    }
    out
}

impl<W: Write> Write for BuildLog<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_on {
            return self.out.write(bytes);
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.end_line()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.end_line()?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(text: &str, is_on: bool, piece: usize) -> String {
        let mut log = BuildLog::new(Vec::new(), is_on);
        text.as_bytes().chunks(piece).for_each(|piece| log.write_all(piece).expect("memory"));
        log.flush().expect("memory");
        String::from_utf8(log.out).expect("UTF-8")
    }

    #[test]
    fn commands_are_broken_up_however_they_come() {
        for (text, safe) in [
            ("  z: ##[group]plan\n", "  z: # #[group]plan\n"),
            ("##vso[task.setvariable variable=x]y\n", "# #vso[task.setvariable variable=x]y\n"),
            ("###[x]\n", "## #[x]\n"),
            (" ::add-mask::x\n", " : :add-mask::x\n"),
            ("  \"z\": \"##[group]plan\"\n", "  \"z\": \"#\\u0023[group]plan\"\n"),
            ("a::b, # [x], ## heading, ä##b c[\n", "a::b, # [x], ## heading, ä##b c[\n"),
            ("no end ##[x]", "no end # #[x]"),
        ] {
            for piece in 1..=text.len() {
                assert_eq!(passed(text, true, piece), safe, "{piece}");
                assert_eq!(passed(text, false, piece), text, "{piece}");
            }
        }
        let document = passed("{\n  \"z\": \"##[group]\"\n}\n", true, 3);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&document).expect("JSON")["z"], "##[group]");
    }
}
