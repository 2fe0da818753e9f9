//! A document of YAML that is put together from parts.

use std::fmt::{Display, Formatter, Result, Write as _};

use crate::yaml;

/// A value, and what is in it. Keys keep the order in which they were set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Yaml {
    Bool(bool),
    Text(String),
    /// A text of several lines, written as it is.
    Lines(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    pub(crate) fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Yaml)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// Sets what stands at a path of keys, and makes the maps that lead there.
    pub(crate) fn set(&mut self, path: &[&str], value: Yaml) {
        let [key, below @ ..] = path else {
            *self = value;
            return;
        };
        if !matches!(self, Self::Map(_)) {
            *self = Self::Map(Vec::new());
        }
        let Self::Map(entries) = self else { return };
        let at = entries.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
            entries.push(((*key).to_owned(), Self::Map(Vec::new())));
            entries.len() - 1
        });
        if let Some((_, entry)) = entries.get_mut(at) {
            entry.set(below, value);
        }
    }

    /// Writes it below its key, or behind the dash of its item. A list stands below its key, and in an item under it.
    fn write(&self, to: &mut Formatter<'_>, indent: usize, is_item: bool) -> Result {
        match self {
            Self::Bool(value) => writeln!(to, " {value}"),
            Self::Text(text) => writeln!(to, " {}", yaml(text)),
            Self::Lines(lines) => {
                to.write_str(" |\n")?;
                lines.lines().try_for_each(|line| writeln!(to, "{:indent$}{line}", ""))
            }
            Self::List(items) => {
                to.write_char('\n')?;
                for item in items {
                    write!(to, "{:indent$}-", "")?;
                    match item {
                        Self::Map(entries) => entries.iter().enumerate().try_for_each(|(at, (key, value))| {
                            match at {
                                0 => write!(to, " {}:", written(key))?,
                                _ => write!(to, "{:1$}{2}:", "", indent + 2, written(key))?,
                            }
                            let is_list = matches!(value, Self::List(_));
                            value.write(to, if is_list { indent + 2 } else { indent + 4 }, false)
                        })?,
                        other => other.write(to, indent + 2, true)?,
                    }
                }
                Ok(())
            }
            Self::Map(entries) => {
                if !is_item && indent > 0 {
                    to.write_char('\n')?;
                }
                entries.iter().try_for_each(|(key, value)| {
                    write!(to, "{:indent$}{}:", "", written(key))?;
                    value.write(to, indent + 2, false)
                })
            }
        }
    }
}

impl Display for Yaml {
    fn fmt(&self, to: &mut Formatter<'_>) -> Result {
        self.write(to, 0, true)
    }
}

/// A key: as it is where it can mean nothing else.
fn written(key: &str) -> String {
    const OTHERS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let is_plain = key.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && key.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-./".contains(letter))
        && !OTHERS.contains(&key.to_ascii_lowercase().as_str());
    if is_plain { key.to_owned() } else { yaml(key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_lists_and_lines_are_written() {
        let mut document = Yaml::map([]);
        document.set(&["a", "b"], Yaml::Bool(false));
        let item = Yaml::map([("k", Yaml::Text("v".to_owned())), ("l", Yaml::Lines("x: 1\ny: 2\n".to_owned()))]);
        let nested = Yaml::List(vec![Yaml::map([("i", Yaml::map([("j", Yaml::Text("on".to_owned()))]))])]);
        document.set(&["a", "c"], Yaml::List(vec![item, Yaml::map([("on", nested)])]));
        document.set(&["d"], Yaml::Text("{{ e }}".to_owned()));
        let expected = "\
a:
  b: false
  c:
    - k: \"v\"
      l: |
        x: 1
        y: 2
    - \"on\":
      - i:
          j: \"on\"
d: \"{{ e }}\"
";
        assert_eq!(document.to_string(), expected);
    }
}
