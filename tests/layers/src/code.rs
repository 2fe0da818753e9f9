//! Code without what imports nothing: comments, texts, and what is there for tests alone.

/// Code without comments, and without what is in texts. Lines stay lines.
pub(crate) fn bare(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| raw_text(rest, &code)).or_else(|| quoted(rest)).or_else(|| letter(rest));
        let (kept, length) = match skipped {
            Some(length) => (rest[..length].chars().filter(|c| *c == '\n').collect::<String>(), length),
            None => (first.to_string(), first.len_utf8()),
        };
        code.push_str(&kept);
        rest = &rest[length..];
    }
    code
}

/// The length of a comment with which code begins.
fn comment(code: &str) -> Option<usize> {
    if code.starts_with("//") {
        return Some(code.find('\n').unwrap_or(code.len()));
    }
    let mut depth = usize::from(code.starts_with("/*"));
    let mut at = 2;
    while depth > 0 {
        let rest = &code[at..];
        match (rest.starts_with("*/"), rest.starts_with("/*")) {
            (true, _) => (depth, at) = (depth - 1, at + 2),
            (_, true) => (depth, at) = (depth + 1, at + 2),
            _ => at += rest.chars().next()?.len_utf8(),
        }
    }
    (at > 2).then_some(at)
}

/// The length of a text in which a backslash is one, `r#"…"#`.
fn raw_text(code: &str, before: &str) -> Option<usize> {
    let is_new_word = !before.ends_with(|c: char| c.is_alphanumeric() && c != 'b' || c == '_');
    let signs = code.strip_prefix('r').filter(|_| is_new_word)?;
    let hashes = signs.len() - signs.trim_start_matches('#').len();
    let inner = signs[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inner.find(&end).map_or(inner.len(), |at| at + end.len());
    Some(code.len() - inner.len() + length)
}

/// The length of a text in quotes.
fn quoted(code: &str) -> Option<usize> {
    let inner = code.strip_prefix('"')?;
    let mut is_escaped = false;
    let end = inner.char_indices().find(|(_, c)| {
        let is_end = *c == '"' && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        is_end
    });
    Some(end.map_or(code.len(), |(at, _)| at + 2))
}

/// The length of a letter in quotes, which may be one of those that begin a text or a comment.
fn letter(code: &str) -> Option<usize> {
    let inner = code.strip_prefix('\'')?;
    let first = inner.chars().next()?;
    let after = first.len_utf8();
    if first == '\\' {
        // What is escaped may be a quote itself.
        let end = inner.char_indices().skip(2).find(|(_, c)| *c == '\'')?;
        return Some(end.0 + 2);
    }
    inner[after..].starts_with('\'').then_some(after + 2)
}

/// Bare code without what is compiled for tests alone, and the modules in files of their own that are.
pub(crate) fn without_tests(bare: &str) -> (String, Vec<String>) {
    let (mut kept, mut modules) = (String::new(), Vec::new());
    let mut lines = bare.lines();
    while let Some(line) = lines.next() {
        let is_of_tests = line.trim() == "#[cfg(test)]" || line.trim().starts_with("#[cfg(all(test,");
        if !is_of_tests {
            kept.push_str(line);
            kept.push('\n');
            continue;
        }
        // As rustfmt has it: an item ends where a line that is indented like its attribute ends with one of these.
        let indent = line.len() - line.trim_start().len();
        for line in lines.by_ref() {
            let is_indented = line.len() - line.trim_start().len() > indent;
            let item = line.trim();
            if let Some(name) = item.rsplit_once("mod ").and_then(|(_, name)| name.strip_suffix(';')) {
                modules.push(name.to_owned());
            }
            if !is_indented && item.ends_with([';', '}', ',']) {
                break;
            }
        }
    }
    (kept, modules)
}
