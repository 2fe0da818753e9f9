//! Pages of lists. A marker names the last entry of the page before, so that pages stay right while entries come and go.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::protocol::errors::{Answer, ApiError};

/// What the client asked for.
#[derive(Debug, Clone)]
pub(crate) struct Paging {
    max: usize,
    after: Option<String>,
}

/// One page.
#[derive(Debug)]
pub(crate) struct Page<T> {
    /// The entries.
    pub(crate) items: Vec<T>,
    /// The marker of the next page, if there is one.
    pub(crate) marker: Option<String>,
}

impl Paging {
    /// IAM's `MaxItems` (1 to 1000, 100 if unset) and `Marker`. Source: IAM API reference, common to all lists.
    pub(crate) fn iam(query: &crate::protocol::query::Query) -> Answer<Self> {
        let max = query.number("MaxItems")?.unwrap_or(100);
        if !(1..=1000).contains(&max) {
            let limit = if max < 1 { "greater than or equal to 1" } else { "less than or equal to 1000" };
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value '{max}' at 'maxItems' failed to satisfy constraint: \
                 Member must have value {limit}"
            )));
        }
        let after = query
            .get("Marker")
            .map(|marker| decode(marker).ok_or_else(|| ApiError::validation(format!("Invalid Marker: {marker}"))))
            .transpose()?;
        Ok(Self { max: usize::try_from(max).unwrap_or(100), after })
    }

    /// A JSON service's maximum and token; `code` is what it answers to bad ones.
    pub(crate) fn json(max: Option<i64>, limits: (i64, i64), token: Option<&str>, code: &'static str) -> Answer<Self> {
        let (default, highest) = limits;
        let max = max.unwrap_or(default);
        if !(1..=highest).contains(&max) {
            return Err(ApiError::new(
                code,
                400,
                format!(
                    "1 validation error detected: Value '{max}' at 'maxResults' failed to satisfy constraint: Member must have value between 1 and {highest}"
                ),
            ));
        }
        let after =
            token.map(|token| decode(token).ok_or_else(|| ApiError::new(code, 400, "Invalid token."))).transpose()?;
        Ok(Self { max: usize::try_from(max).unwrap_or(100), after })
    }

    /// S3's maximum and token; `None` for a token that isn't one.
    pub(crate) fn s3(max: usize, token: Option<&str>) -> Option<Self> {
        let after = match token {
            Some(token) => Some(decode(token)?),
            None => None,
        };
        Some(Self { max, after })
    }

    /// Cuts the page out of entries that are sorted by their keys.
    pub(crate) fn cut<T>(&self, entries: impl IntoIterator<Item = (String, T)>) -> Page<T> {
        let mut entries =
            entries.into_iter().skip_while(|(key, _)| self.after.as_ref().is_some_and(|after| key <= after)).peekable();
        let mut items = Vec::new();
        let mut last = None;
        while items.len() < self.max
            && let Some((key, item)) = entries.next()
        {
            last = Some(key);
            items.push(item);
        }
        let marker = if entries.peek().is_some() { last.map(|key| encode(&key)) } else { None };
        Page { items, marker }
    }
}

/// Markers are opaque to clients; the prefix keeps people from making up their own.
fn encode(key: &str) -> String {
    format!("m1.{}", utf8_percent_encode(key, NON_ALPHANUMERIC)).replace('%', "_")
}

fn decode(marker: &str) -> Option<String> {
    let escaped = marker.strip_prefix("m1.")?.replace('_', "%");
    percent_decode_str(&escaped).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::query::Query;

    fn entries() -> Vec<(String, usize)> {
        (0..25).map(|n| (format!("key_{n:02}/%"), n)).collect()
    }

    #[test]
    fn pages_cover_everything_once() {
        let mut seen = Vec::new();
        let mut form = "MaxItems=10".to_owned();
        loop {
            let page = Paging::iam(&Query::parse(form.as_bytes())).expect("valid").cut(entries());
            seen.extend(page.items);
            match page.marker {
                Some(marker) => form = format!("MaxItems=10&Marker={marker}"),
                None => break,
            }
        }
        assert_eq!(seen, (0..25).collect::<Vec<_>>());
    }

    #[test]
    fn a_full_last_page_has_no_marker() {
        let page = Paging::iam(&Query::parse(b"MaxItems=25")).expect("valid").cut(entries());
        assert_eq!((page.items.len(), page.marker), (25, None));
    }

    #[test]
    fn limits_are_checked() {
        for bad in ["MaxItems=0", "MaxItems=1001", "MaxItems=x", "Marker=nonsense"] {
            assert!(Paging::iam(&Query::parse(bad.as_bytes())).is_err(), "{bad}");
        }
    }
}
