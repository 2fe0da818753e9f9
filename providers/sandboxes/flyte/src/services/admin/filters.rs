//! Filters of lists: `ne(state,1)+contains(name,a)` (flyteadmin: `pkg/manager/impl/util/filters.go`, `pkg/common/filters.go`).

use crate::protocol::status::{Answer, Code, Status};
use crate::state::model::Project;

/// The columns of a project in the database.
pub(super) const COLUMNS: [&str; 9] =
    ["id", "created_at", "updated_at", "deleted_at", "identifier", "name", "description", "labels", "state"];

/// Filters that all must let a project pass. Where none is asked for, those pass that aren't archived.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filters(Vec<Filter>);

#[derive(Debug, PartialEq, Eq)]
struct Filter {
    function: Function,
    column: String,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Contains,
    NotLike,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    In,
    NotIn,
}

impl Function {
    fn read(name: &str) -> Option<Self> {
        Some(match name {
            "contains" => Self::Contains,
            "not_like" => Self::NotLike,
            "gt" => Self::Greater,
            "gte" => Self::GreaterOrEqual,
            "lt" => Self::Less,
            "lte" => Self::LessOrEqual,
            "eq" => Self::Equal,
            "ne" => Self::NotEqual,
            "value_in" => Self::In,
            "value_not_in" => Self::NotIn,
            _ => return None,
        })
    }
}

/// Reads filters, joined by `+`.
pub(super) fn parse(text: &str) -> Answer<Filters> {
    if text.is_empty() {
        return Ok(Filters(Vec::new()));
    }
    text.split('+').map(filter).collect::<Answer<_>>().map(Filters)
}

fn filter(text: &str) -> Answer<Filter> {
    let parts = || {
        let (text, _) = text.rsplit_once(')')?;
        let (function, inside) = text.rsplit_once('(')?;
        let (field, value) = inside.rsplit_once(',')?;
        let value = value.strip_prefix(char::is_whitespace).filter(|value| !value.is_empty()).unwrap_or(value);
        (!function.is_empty() && !field.is_empty() && !value.is_empty()).then_some((function, field, value))
    };
    let (function, field, value) = parts().ok_or_else(|| Status::invalid("invalid value for filters"))?;
    let column = field.strip_prefix("project.").unwrap_or(field);
    if let Some((entity, _)) = column.split_once('.') {
        return Err(Status::invalid(format!("'{entity}' entity is not allowed in filters")));
    }
    if !COLUMNS.contains(&column) {
        return Err(Status::invalid(format!("'project.{column}' is invalid filter")));
    }
    let function =
        Function::read(function).ok_or_else(|| Status::invalid(format!("unrecognized filter function: {function}")))?;
    let values = value.split(';').map(str::to_owned).collect();
    Ok(Filter { function, column: column.to_owned(), values })
}

impl Filters {
    /// Whether a project passes.
    pub(super) fn lets(&self, project: &Project) -> Answer<bool> {
        if self.0.is_empty() {
            return Ok(project.state != Project::ARCHIVED);
        }
        for filter in &self.0 {
            if !filter.lets(project)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Filter {
    fn lets(&self, project: &Project) -> Answer<bool> {
        match self.column.as_str() {
            "identifier" => self.compare(&project.id, |value| Some(value.to_owned())),
            "name" => self.compare(&project.name, |value| Some(value.to_owned())),
            "description" => self.compare(&project.description, |value| Some(value.to_owned())),
            "state" => self.compare(&project.state, |value| value.parse().ok()),
            "id" => self.compare(&project.number, |value| value.parse().ok()),
            // What isn't deleted has no such time, and nothing compares with that.
            "deleted_at" => Ok(false),
            other => Err(Status::new(Code::Unimplemented, format!("the sandbox does not filter by {other}"))),
        }
    }

    fn compare<T: PartialOrd + ToString>(&self, mine: &T, read: impl Fn(&str) -> Option<T>) -> Answer<bool> {
        let failed = || {
            let values = self.values.join(";");
            Status::new(Code::Internal, format!("failed database operation with invalid input syntax: \"{values}\""))
        };
        let all: Vec<T> = self.values.iter().map(|value| read(value)).collect::<Option<_>>().ok_or_else(failed)?;
        match (self.function, all.as_slice()) {
            (Function::In, all) => Ok(all.contains(mine)),
            (Function::NotIn, all) => Ok(!all.contains(mine)),
            (Function::Contains, [_]) => Ok(mine.to_string().contains(&self.values[0])),
            (Function::Equal, [value]) => Ok(mine == value),
            // Without a wildcard in it, which the sandbox doesn't read, LIKE is an equals sign.
            (Function::NotEqual | Function::NotLike, [value]) => Ok(mine != value),
            (Function::Greater, [value]) => Ok(mine > value),
            (Function::GreaterOrEqual, [value]) => Ok(mine >= value),
            (Function::Less, [value]) => Ok(mine < value),
            (Function::LessOrEqual, [value]) => Ok(mine <= value),
            _ => Err(failed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(id: &str, state: i64) -> Project {
        let text =
            format!(r#"{{"number": 1, "id": "{id}", "name": "{id}", "state": {state}, "created": 0, "updated": 0}}"#);
        serde_json::from_str(&text).expect("a project")
    }

    fn passing(filters: &str) -> Vec<String> {
        let filters = parse(filters).expect("filters");
        let all = [project("a", 0), project("ab", 1), project("c", 2)];
        let passing = all.into_iter().filter(|project| filters.lets(project).expect("values that fit"));
        passing.map(|project| project.id).collect()
    }

    #[test]
    fn filters_are_read_and_applied() {
        for (filters, expected) in [
            ("", vec!["a", "c"]),
            ("ne(state,1)", vec!["a", "c"]),
            ("ne(state, 1)", vec!["a", "c"]),
            ("eq(project.identifier,ab)", vec!["ab"]),
            ("contains(name,a)+lt(state,1)", vec!["a"]),
            ("value_in(identifier,a;c)", vec!["a", "c"]),
            ("value_not_in(identifier,a;c)", vec!["ab"]),
            ("gte(state,0)", vec!["a", "ab", "c"]),
        ] {
            assert_eq!(passing(filters), expected, "{filters}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for (text, why) in [
            ("state", "invalid value for filters"),
            ("ne(state)", "invalid value for filters"),
            ("near(state,1)", "unrecognized filter function: near"),
            ("ne(colour,1)", "'project.colour' is invalid filter"),
            ("ne(task.name,1)", "'task' entity is not allowed in filters"),
        ] {
            assert_eq!(parse(text), Err(Status::invalid(why)), "{text}");
        }
        let status = parse("ne(state,x)").expect("a filter").lets(&project("a", 0)).expect_err("no number");
        assert_eq!(status.code, Code::Internal);
    }
}
