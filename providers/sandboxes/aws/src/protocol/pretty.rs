//! JSON laid out as ECR shows repository policies: ` : ` between key and value, lists on one line where they begin.
//! A client that compares documents as text learns here that it must not.

use serde_json::Value;

/// Writes a document.
pub(crate) fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text
}

fn write(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push('{');
            for (n, (key, value)) in map.iter().enumerate() {
                text.push_str(if n == 0 { "\n" } else { ",\n" });
                text.push_str(&"  ".repeat(depth + 1));
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push_str(" : ");
                write(value, depth + 1, text);
            }
            text.push('\n');
            text.push_str(&"  ".repeat(depth));
            text.push('}');
        }
        Value::Array(list) if !list.is_empty() => {
            text.push_str("[ ");
            for (n, value) in list.iter().enumerate() {
                if n > 0 {
                    text.push_str(", ");
                }
                write(value, depth, text);
            }
            text.push_str(" ]");
        }
        other => text.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_like_ecr() {
        let value = serde_json::json!({"Version": "2012-10-17", "Statement": [{"Action": ["a", "b"]}]});
        assert_eq!(
            pretty(&value),
            "{\n  \"Version\" : \"2012-10-17\",\n  \"Statement\" : [ {\n    \"Action\" : [ \"a\", \"b\" ]\n  } ]\n}"
        );
        assert_eq!(serde_json::from_str::<Value>(&pretty(&value)).expect("still JSON"), value);
    }
}
